#!/usr/bin/env bash
# torn_down.sh FILE: nothing of a Slurm stays where with_slurm.sh is killed. FILE is for its own use.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
rm -f "$1"
"$here/with_slurm.sh" bash -c 'readlink /proc/self/ns/pid >"$0.new" && mv "$0.new" "$0" && sleep 600' "$1" &
slurm=$!
until [ -s "$1" ]; do
    kill -0 "$slurm" 2>/dev/null || { wait "$slurm" && exit 1 || exit $?; } # 77: skipped
    sleep 0.1
done
space=$(cat "$1")
rm -f "$1"
left() { find /proc -mindepth 3 -maxdepth 3 -path '/proc/[0-9]*/ns/pid' -lname "$space" 2>/dev/null || true; }
[ -n "$(left)" ] || { echo "nothing runs in $space: what was to be killed?"; exit 1; }

kill -KILL "$slurm"
for _ in $(seq 100); do
    [ -n "$(left)" ] || exit 0
    sleep 0.1
done
echo "left running:"
for process in $(left); do tr '\0' ' ' <"${process%/ns/pid}/cmdline" && echo; done
exit 1
