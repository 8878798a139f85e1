#!/usr/bin/env bash
# remote_shell.sh HOST COMMAND...: like ssh, into a host that with_hosts.sh made: the words are joined
# and given to a shell there, with a clean environment.
while [ "${1#-}" != "$1" ]; do shift; done
host=$1
shift
exec nsenter -t "$(cat "$NODESPAN_HOSTS/$host.pid")" -m -n -u -i \
    env -i HOME="$HOME" PATH="$PATH" LANG=C.UTF-8 NODESPAN_HOSTS="$NODESPAN_HOSTS" \
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 sh -c "cd '$PWD'; $*"
