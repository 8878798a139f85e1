#!/usr/bin/env bash
# with_hosts.sh LAUNCH SLOTS[,SLOTS...] COMMAND...: runs COMMAND by one start of LAUNCH (the script that
# nodespan_launch.cmake makes) over several real hosts, as many as SLOTS are given, each with so many ranks. A host is a network namespace with its own
# hostname and /dev/shm, on a bridge that only they see. All of it ends with this script.
# Ranks fill host after host; with MAP_BY=node they go round.
# Exit code 77 where that is not allowed; 1 if COMMAND failed, or left something in a /dev/shm or a
# process.
set -euo pipefail

skip() { echo "skipped: $1"; exit 77; }
[ "$(id -u)" = 0 ] || skip "needs root, to make network namespaces"
for tool in ip nsenter unshare; do
    command -v "$tool" >/dev/null || skip "needs $tool (packages iproute2 and util-linux)"
done
unshare --net --uts --ipc --mount true 2>/dev/null || skip "namespaces are not allowed here"

here=$(dirname "$(readlink -f "$0")")
launch=$1
IFS=, read -ra slots <<<"$2"
shift 2
export NODESPAN_HOSTS
NODESPAN_HOSTS=$(mktemp -d "${TMPDIR:-/tmp}/nodespan-hosts.XXXXXX")
network=10.77.0

namespace_of() { stat -Lc %i "/proc/$1/ns/net" 2>/dev/null || true; }
holder() { cat "$NODESPAN_HOSTS/$1.pid"; }

# Ends exactly the processes that live in the namespaces made here.
down() {
    local file process inode own
    own=$(namespace_of $$)
    for file in "$NODESPAN_HOSTS"/*.inode; do
        [ -s "$file" ] || continue
        inode=$(cat "$file")
        [ "$inode" != "$own" ] || continue
        for process in /proc/[0-9]*; do
            [ "$(namespace_of "${process#/proc/}")" != "$inode" ] ||
                kill -9 "${process#/proc/}" 2>/dev/null || true
        done
    done
    rm -rf "$NODESPAN_HOSTS"
}
trap down EXIT
trap 'exit 1' INT TERM

# h0 is where the launcher runs and the bridge is; the others have the ranks.
{
    echo "127.0.0.1 localhost"
    for i in $(seq 0 ${#slots[@]}); do echo "$network.1$i h$i"; done
} >"$NODESPAN_HOSTS/etc_hosts"
for i in $(seq 0 ${#slots[@]}); do
    setsid unshare --net --uts --ipc --mount --propagation private bash -ec '
        hostname "$1"
        mount -t tmpfs -o size=1g,mode=1777 tmpfs /dev/shm
        mount --bind "$2/etc_hosts" /etc/hosts
        ip link set lo up
        stat -Lc %i /proc/self/ns/net >"$2/$1.inode"
        echo $$ >"$2/$1.new" && mv "$2/$1.new" "$2/$1.pid"
        exec sleep infinity' - "h$i" "$NODESPAN_HOSTS" </dev/null >/dev/null 2>&1 &
    disown # its end is ours to bring about: nothing to report
done
for i in $(seq 0 ${#slots[@]}); do
    for _ in $(seq 200); do [ -s "$NODESPAN_HOSTS/h$i.pid" ] && break || sleep 0.05; done
    [ -s "$NODESPAN_HOSTS/h$i.pid" ] || skip "host h$i did not come up"
done
in_head() { nsenter -t "$(holder h0)" -n "$@"; }
in_head ip link add bridge type bridge || skip "no bridges here"
in_head ip addr add "$network.10/24" dev bridge
in_head ip link set bridge up
list=""
for i in $(seq 1 ${#slots[@]}); do
    in_head ip link add "veth$i" type veth peer name eth0 netns "$(holder "h$i")"
    in_head ip link set "veth$i" master bridge up
    nsenter -t "$(holder "h$i")" -n ip addr add "$network.1$i/24" dev eth0
    nsenter -t "$(holder "h$i")" -n ip link set eth0 up
    list+="${list:+,}h$i:${slots[i - 1]}"
done

status=0
"$here/remote_shell.sh" h0 "$launch" --timeout "${SECONDS_AT_MOST:-90}" --hosts "$list" \
    --shell "$here/remote_shell.sh" --map-by "${MAP_BY:-slot}" "$@" || status=$?
for i in $(seq 1 ${#slots[@]}); do
    left=$(nsenter -t "$(holder "h$i")" -m find /dev/shm -mindepth 1 | head -3)
    [ -z "$left" ] || { echo "left in /dev/shm of h$i: $left"; status=1; }
done

# Daemons may need a moment to end.
running() {
    local inode path process hosts holders
    hosts=" $(cat "$NODESPAN_HOSTS"/h[1-9]*.inode | tr '\n' ' ')"
    holders=" $(cat "$NODESPAN_HOSTS"/h[1-9]*.pid | tr '\n' ' ')"
    while read -r inode path; do
        process=${path#/proc/}
        process=${process%/ns/net}
        [[ $hosts != *" $inode "* || $holders == *" $process "* ]] ||
            echo "$process $(tr '\0' ' ' 2>/dev/null <"/proc/$process/cmdline" || true)"
    done < <(stat -Lc '%i %n' /proc/[0-9]*/ns/net 2>/dev/null) || true
}
for _ in $(seq 30); do
    left=$(running)
    [ -n "$left" ] || break
    sleep 0.1
done
[ -z "$left" ] || { echo "left running: $left"; status=1; }
exit "$status"
