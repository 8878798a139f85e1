#!/usr/bin/env bash
# case.sh CASE BIN FOLDER LAUNCH: one case on the Slurm of with_slurm.sh: the scripts of slurm/ as they are,
# smaller by options; programs from BIN, results in FOLDER, which is made anew. Success is a result
# with the same bits as that of a run that nobody disturbed.
set -euo pipefail
shopt -s inherit_errexit # a run that fails in $(...) is no empty result
scripts=$(readlink -f "$(dirname "$0")/../../slurm")
case=$1
export NODESPAN_BIN=$2
launch=$4
rm -rf "$3"
mkdir -p "$3"
cd "$3"
size=(--nodes=2 --ntasks-per-node=2 --mem=1G)
heat=(--size 40 --steps 10000 --json)
ensemble=(--models 4 --dim 8 --categories 3)
# Both nodes share the cores of this machine: ranks bound to the same core would wait for each other.
export NODESPAN_LAUNCH="srun --mpi=pmix --cpu-bind=none"

fail() {
    echo "$case: $1"
    scontrol show job || true
    tail -n 40 ./*.out || true
    exit 1
}

# until_true SECONDS COMMAND...
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "waited too long for: $*"
        sleep 0.1
    done
}

submit() { sbatch --parsable "${size[@]}" "$@"; }
has_ended() { [ -z "$(squeue -h -j "$1" 2>/dev/null)" ]; }
has_checkpoints() { [ "$(find "$1" -name 'step-*.h5' 2>/dev/null | wc -l)" -ge 2 ]; }
says() { grep -q -- "$2" "$1" || fail "no \"$2\" in $1"; }
finish() {
    until_true 200 has_ended "$1"
    [ "$(scontrol show job "$1" | grep -c JobState)" = "$(scontrol show job "$1" | grep -c JobState=COMPLETED)" ] ||
        fail "job $1 did not end well"
}
hash_in() { sed -n 's/.*_hash": "\([0-9a-f]*\)".*/\1/p; s/.*parameters hash \([0-9a-f]*\)$/\1/p' "$1" | tail -1; }
expect_hash() {
    [ -n "$2" ] && [ "$(hash_in "$1")" = "$2" ] || fail "the hash in $1 is $(hash_in "$1"), not $2"
}
heat_alone() {
    "$launch" -n 2 --timeout 60 "$NODESPAN_BIN/nodespan-heat" "${heat[@]}" --quiet >alone.json
    hash_in alone.json
}
restarts() { scontrol show job "$1" | sed -n 's/.*Restarts=\([0-9]*\).*/\1/p'; }
# The slurmd of a node without its job steps; all that runs on it.
slurmd_of() { cat "/run/slurm/$1.slurmd.pid"; }
processes_of() {
    local holder process
    holder=$(cat "/run/slurm/$1.pid")
    for process in /proc/[0-9]*; do
        process=${process#/proc/}
        [ "$process" = "$holder" ] ||
            [ "$(readlink "/proc/$process/ns/net")" != "$(readlink "/proc/$holder/ns/net")" ] || echo "$process"
    done
}
is_quiet() { # no rank is left on a node, and nothing of theirs
    local process
    for process in $(processes_of "$1"); do
        [ "$(cat "/proc/$process/comm" 2>/dev/null)" != nodespan-heat ] || return 1
    done
    [ -z "$(on "$1" find /dev/shm -mindepth 1)" ]
}

case $case in
heat) # by either launcher
    expected=$(heat_alone)
    for launcher in "$NODESPAN_LAUNCH" "env NODESPAN_LAUNCHER=srun $launch" "$launch"; do
        job=$(NODESPAN_LAUNCH=$launcher submit "$scripts/heat.sbatch" "${heat[@]}")
        finish "$job"
        says "heat-$job.out" '"nodes": 2,'
        expect_hash "heat-$job.out" "$expected"
    done
    ;;
ensemble) # left alone, and told to stop
    NODESPAN_RANKS_PER_NODE=2 "$launch" -n 4 --timeout 60 "$NODESPAN_BIN/nodespan-ensemble" "${ensemble[@]}" --epochs 4 >alone.txt
    job=$(submit "$scripts/ensemble.sbatch" "${ensemble[@]}" --epochs 4)
    finish "$job"
    says "ensemble-$job.out" "on 4 ranks of 2 nodes"
    expect_hash "ensemble-$job.out" "$(hash_in alone.txt)"

    ensemble+=(--epochs 40 --average-every 1)
    NODESPAN_RANKS_PER_NODE=2 "$launch" -n 4 --timeout 60 "$NODESPAN_BIN/nodespan-ensemble" "${ensemble[@]}" >alone.txt
    job=$(submit "$scripts/ensemble.sbatch" "${ensemble[@]}" --every 1)
    until_true 60 has_checkpoints "ensemble-$job"
    scancel --signal=USR1 --batch "$job"
    finish "$job"
    [ "$(restarts "$job")" = 1 ] || fail "not requeued once"
    says "ensemble-$job.out" "resumed from ensemble-$job after"
    expect_hash "ensemble-$job.out" "$(hash_in alone.txt)"
    ;;
tutorial) # its script as it is; a second job finds what the first one left
    script=$scripts/../apps/examples/tutorial/rod.sbatch
    for first in 0 10000; do
        job=$(SLURM_CPU_BIND=none sbatch --parsable "$script" "$NODESPAN_BIN/tutorial_saved_rod")
        finish "$job"
        says "rod-$job.out" "from step $first to 10000: the middle is at 0.089010"
    done
    ;;
sweep)
    ensemble+=(--epochs 4)
    job=$(submit --nodes=1 --array=1-3 "$scripts/sweep.sbatch" "${ensemble[@]}")
    finish "$job"
    for seed in 1 2 3; do
        "$launch" -n 2 --timeout 60 "$NODESPAN_BIN/nodespan-ensemble" "${ensemble[@]}" --seed $seed --json >alone.json
        expect_hash "sweep-$job-$seed.json" "$(hash_in alone.json)"
    done
    ;;
told) # each launcher passes the signal on
    expected=$(heat_alone)
    for launcher in "$NODESPAN_LAUNCH" "$launch"; do
        job=$(NODESPAN_LAUNCH=$launcher submit "$scripts/heat.sbatch" "${heat[@]}" --every 200)
        until_true 60 has_checkpoints "heat-$job"
        scancel --signal=USR1 --batch "$job"
        finish "$job"
        [ "$(restarts "$job")" = 1 ] || fail "not requeued once"
        says "heat-$job.out" "stopped on request after [0-9]* steps"
        says "heat-$job.out" "resumed from heat-$job after"
        expect_hash "heat-$job.out" "$expected"
    done
    ;;
time_limit) # the shortest there is, a minute: Slurm tells the script within half of it
    mkdir bin
    cat >bin/nodespan-heat <<TXT
#!/bin/sh
# Checkpoints at each step make the first time slice too short for the run, but not the second.
[ "\${SLURM_RESTART_COUNT:-0}" != 0 ] || set -- "\$@" --every 1
exec "$NODESPAN_BIN/nodespan-heat" "\$@"
TXT
    chmod +x bin/nodespan-heat
    expected=$(heat_alone)
    job=$(NODESPAN_BIN=$PWD/bin submit --time=1 --signal=B:USR1@50 "$scripts/heat.sbatch" "${heat[@]}")
    finish "$job"
    [ "$(restarts "$job")" -ge 1 ] || fail "the time limit did not come"
    says "heat-$job.out" "stopped on request after [0-9]* steps"
    says "heat-$job.out" "resumed from heat-$job after"
    expect_hash "heat-$job.out" "$expected"
    ;;
cancel) # in the middle, and once more with a slurmd gone; a third job goes on
    expected=$(heat_alone)
    first=$(submit "$scripts/heat.sbatch" "${heat[@]}" --every 5)
    until_true 60 has_checkpoints "heat-$first"
    scancel "$first"
    until_true 60 has_ended "$first"
    until_true 20 is_quiet h1
    until_true 20 is_quiet h2

    export NODESPAN_RUN=heat-$first
    second=$(submit "$scripts/heat.sbatch" "${heat[@]}" --every 5)
    until_true 60 grep -qs "heat: " "heat-$second.out"
    kill -KILL "$(slurmd_of h2)"
    scancel "$second"
    until_true 20 is_quiet h1
    slurmd_up h2
    until_true 60 has_ended "$second"
    until_true 20 is_quiet h2

    third=$(submit "$scripts/heat.sbatch" "${heat[@]}")
    finish "$third"
    says "heat-$third.out" "resumed from heat-$first after"
    expect_hash "heat-$third.out" "$expected"
    ;;
lost_node) # it no longer answers, and comes back empty; Slurm itself requeues the job
    expected=$(heat_alone)
    job=$(submit "$scripts/heat.sbatch" "${heat[@]}" --every 200)
    until_true 60 has_checkpoints "heat-$job"
    ip link set veth1 down
    for process in $(processes_of h2); do kill -KILL "$process" 2>/dev/null || true; done
    is_requeued() { [ "$(restarts "$job")" = 1 ]; }
    until_true 90 is_requeued
    on h2 find /dev/shm /run/tmp /run/slurm/h2 -mindepth 1 -delete
    ip link set veth1 up
    slurmd_up h2
    finish "$job"
    says "heat-$job.out" "resumed from heat-$job after"
    expect_hash "heat-$job.out" "$expected"
    ;;
*) fail "no such case" ;;
esac
rm -rf "$3"
