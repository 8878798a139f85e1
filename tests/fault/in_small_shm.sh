#!/usr/bin/env bash
# in_small_shm.sh SIZE COMMAND...: runs COMMAND where /dev/shm is a file system of SIZE, which
# nobody else sees. Exit code 77 where that is not allowed. MPI's own channels between ranks lie
# elsewhere: Open MPI 5's take 16 MiB a rank.
set -eu
size=$1
shift
if ! unshare --mount true 2>/dev/null; then
    echo "skipped: needs the right to make a mount namespace (root)"
    exit 77
fi
channels=$(mktemp -d "${TMPDIR:-/tmp}/nodespan-channels.XXXXXX")
trap 'rm -rf "$channels"' EXIT
export OMPI_MCA_btl_sm_backing_directory=$channels
unshare --mount --propagation private bash -ec '
    mount -t tmpfs -o "size=$0,mode=1777" tmpfs /dev/shm
    "$@"
    status=$?
    left=$(find /dev/shm -mindepth 1 | head -5)
    [ -z "$left" ] || { echo "left in /dev/shm: $left"; exit 1; }
    exit "$status"' "$size" "$@"
