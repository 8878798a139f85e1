#!/usr/bin/env bash
# in_small_disk.sh SIZE COMMAND...: runs COMMAND with NODESPAN_TEST_FOLDER as a file system of SIZE
# that nobody else sees, with a folder in it, read_only, that even root may not write into. Exit code
# 77 where that is not allowed.
set -eu
size=$1
shift
if ! unshare --mount true 2>/dev/null; then
    echo "skipped: needs the right to make a mount namespace (root)"
    exit 77
fi
NODESPAN_TEST_FOLDER=$(mktemp -d)
export NODESPAN_TEST_FOLDER
trap 'rmdir "$NODESPAN_TEST_FOLDER"' EXIT
unshare --mount --propagation private bash -ec '
    mount -t tmpfs -o "size=$0,mode=1777" tmpfs "$NODESPAN_TEST_FOLDER"
    mkdir "$NODESPAN_TEST_FOLDER/read_only"
    mount -t tmpfs -o ro,size=4k tmpfs "$NODESPAN_TEST_FOLDER/read_only"
    "$@"' "$size" "$@"
