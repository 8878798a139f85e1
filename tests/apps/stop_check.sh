#!/usr/bin/env bash
# stop_check.sh LAUNCH PROGRAM HASH FOLDER OPTIONS...: SIGUSR1 to mpirun, to one rank, or to a program
# without mpirun stops a run with a checkpoint and exit code 85; resumed, it ends with the hash of one
# that was not stopped. HASH is its name in the JSON; OPTIONS make a run long enough to be stopped.
set -euo pipefail
shopt -s inherit_errexit
launch=$1 program=$2 name=$3 folder=$4
shift 4
rm -rf "$folder"
mkdir -p "$folder"

fail() {
    echo "$1"
    cat "$folder/errors"
    exit 1
}
hash_of() { sed -n "s/.*\"$name\": \"\([0-9a-f]*\)\".*/\1/p" "$1"; }
run() { "$launch" -n "$1" --timeout 100 "$program" "${@:2}" --json 2>"$folder/errors"; }
expected=$(run 2 "$@" | hash_of /dev/stdin)
last_child() { tr ' ' '\n' <"/proc/$1/task/$1/children" | sed '/^$/d' | tail -1; }
has_checkpoint() { compgen -G "$folder/run/step-*.h5" >/dev/null; }

for whom in mpirun "a rank" alone; do
    rm -rf "$folder/run"
    start=("$launch" -n 3) # without a time limit, which would be another process to tell
    [ "$whom" != alone ] || start=()
    "${start[@]}" "$program" "$@" --json --checkpoint "$folder/run" --every 1 >"$folder/out" 2>"$folder/errors" &
    job=$!
    until has_checkpoint; do
        kill -0 "$job" 2>/dev/null || fail "$whom: ended before its first checkpoint"
        sleep 0.02
    done
    told=$job
    while [ "$whom" = "a rank" ] && child=$(last_child "$told") && [ -n "$child" ]; do told=$child; done
    kill -USR1 "$told"
    status=0
    wait "$job" || status=$?

    [ "$status" = 85 ] || fail "$whom: exit code $status, not 85"
    grep -q "stopped on request after [1-9]" "$folder/errors" || fail "$whom: nobody says that it was stopped"
    [ ! -s "$folder/out" ] || fail "$whom: results of a run that was stopped"
    found=$(run 4 "$@" --checkpoint "$folder/run" --every 1000000 --resume | hash_of /dev/stdin)
    grep -q "resumed from" "$folder/errors" || fail "$whom: not resumed"
    [ -n "$found" ] && [ "$found" = "$expected" ] || fail "$whom: the hash is $found, not $expected"
done
rm -rf "$folder"
