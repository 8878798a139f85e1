#!/usr/bin/env bash
# torn_down.sh FILE: nothing of a Slurm stays where with_slurm.sh is killed. FILE is for its own use.
set -eu # no pipefail: processes end while they are looked at
here=$(dirname "$(readlink -f "$0")")
rm -f "$1"
"$here/with_slurm.sh" bash -c 'stat -Lc %i /proc/self/ns/pid >"$0.new" && mv "$0.new" "$0" && sleep 600' "$1" &
slurm=$!
trap 'kill -KILL "$slurm" 2>/dev/null || true' EXIT
until [ -s "$1" ]; do
    kill -0 "$slurm" 2>/dev/null || { wait "$slurm" && exit 1 || exit $?; } # 77: skipped
    sleep 0.1
done
space=$(cat "$1")
rm -f "$1"
left() { stat -Lc '%i %n' /proc/[0-9]*/ns/pid 2>/dev/null | sed -n "s/^$space //p"; }
[ -n "$(left)" ] || { echo "nothing runs: what was to be killed?"; exit 1; }

kill -KILL "$slurm"
for _ in $(seq 600); do
    [ -n "$(left)" ] || exit 0
    sleep 0.1
done
echo "left running:"
for process in $(left); do tr '\0' ' ' <"${process%/ns/pid}/cmdline" || true; done
exit 1
