#!/usr/bin/env bash
# killed_moments.sh COUNT KILLED_WRITER LAUNCH: has the writer killed at COUNT random moments while it
# writes checkpoints, on several teams in turn, and checks after each that nothing was lost.
set -u
count=$1 writer=$2 launch=$3
export OMPI_MCA_odls_base_sigkill_timeout=0 # else a job takes its time to notice that it is dead
folder=$(mktemp -d "${TMPDIR:-/tmp}/nodespan_killed_XXXXXX")
trap 'rm -rf "$folder"' EXIT
RANDOM=20260
teams=("1 0" "2 0" "3 0" "4 2" "2 1") # ranks, and ranks of a simulated node
halfway=0
fail() {
    echo "$1"
    cat "$folder/output"
    ls -l "$folder"
    exit 1
}

for ((k = 0; k < count; ++k)); do
    read -r ranks of_node <<<"${teams[k % ${#teams[@]}]}"
    delay=$((1 + (RANDOM * 32768 + RANDOM) % 40000))
    NODESPAN_RANKS_PER_NODE=$of_node "$launch" -n "$ranks" --timeout 60 "$writer" "$folder" $delay \
        >"$folder/output" 2>&1 </dev/null
    code=$?
    [ $code = 137 ] || fail "run $((k + 1)) on $ranks ranks, killed after $delay us: exit code $code"
    ! compgen -G "$folder/*.part" >/dev/null || halfway=$((halfway + 1))
done
"$launch" -n 2 --timeout 60 "$writer" "$folder" 0 >"$folder/output" 2>&1 || fail "the last check failed"
echo "$count kills, $halfway of them before a checkpoint had its name; $(wc -l <"$folder/finished") were finished"
# Else they all came between two checkpoints, and would show nothing.
[ $((halfway * 4)) -ge "$count" ]
