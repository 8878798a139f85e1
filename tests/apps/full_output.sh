#!/usr/bin/env bash
# Programs whose standard output cannot be written: exit code 1, and a message that says why.
# full_output.sh <scratch folder> <launch> <program>...
set -u
folder=$1
launch=$2
shift 2
rm -rf "$folder" && mkdir -p "$folder" && cd "$folder" || exit 1
printf '1,2\n3,4\n' >a.csv
mkdir texts
for category in a b; do
    for k in $(seq 40); do printf 'word%s of %s\n%%\n' "$k" $category; done >texts/$category
done
bad=0

# expect_failure <what standard output is> <program> <options>...: started directly, or by mpirun, which
# gives programs a standard output of its own; then in `start`
expect_failure() {
    local name=${2##*/} status
    case $1 in
    full) "${start[@]}" sh -c 'exec "$0" "$@" >/dev/full' "${@:2}" >/dev/null 2>complaint ;;
    closed) "${start[@]}" sh -c 'exec "$0" "$@" >&-' "${@:2}" >/dev/null 2>complaint ;;
    esac
    status=$?
    if [ $status != 1 ] || ! grep -q "^$name: cannot write to standard output: " complaint; then
        echo "$name ${*:3}, standard output $1: exit code $status, and it said:"
        cat complaint
        bad=1
    fi
}

# What each prints most quickly.
for program in "$@"; do
    start=()
    case ${program##*/} in
    nodespan-acquire)
        options=(--frames 10 --json --quiet)
        start=("$launch" -n 2 --timeout 60)
        ;;
    nodespan-bench) options=(--case fence --repeat 3 --json) ;;
    nodespan-convert) options=(info a.csv) ;;
    nodespan-ensemble) options=(--text texts --models 1 --epochs 1 --dim 4 --json) ;;
    nodespan-exchange) options=(--mib 1 --repeat 1 --folder .) ;;
    nodespan-heat) options=(--size 20 --steps 2 --json --quiet) ;;
    nodespan-info) options=(--json) ;;
    nodespan-locks) options=(--adds 100) ;;
    nodespan-multiply) options=(--size 20 --repeat 1) ;;
    nodespan-populate) options=(--size 20) ;;
    nodespan-threads) options=(--size 20 --sweeps 1 --repeat 1) ;;
    nodespan-views) options=(--rows 4) ;;
    nodespan-workers) options=(--size 20 --commands 1) ;;
    *)
        echo "${program##*/}: this test does not know how to make it print"
        exit 1
        ;;
    esac
    expect_failure full "$program" "${options[@]}"
    expect_failure full "$program" --help
    expect_failure full "$program" --version
    expect_failure closed "$program" "${options[@]}"
done

# A picture that cannot be written either.
if command -v gnuplot >/dev/null; then
    for program in "$@"; do
        [ "${program##*/}" = nodespan-heat ] || continue
        "$program" --size 20 --steps 2 --plot /dev/full >output 2>complaint
        status=$?
        [ $status = 1 ] && grep -q "cannot write /dev/full: No space left" complaint ||
            { echo "--plot /dev/full: exit code $status" && cat complaint && bad=1; }
        "$program" --size 20 --steps 2 --plot heat.png >output || bad=1
        [ "$(head -c 4 heat.png | tail -c 3)" = PNG ] || { echo "no picture" && bad=1; }
    done
fi

# Who prints nothing, or can, is not concerned.
for program in "$@"; do
    [ "${program##*/}" = nodespan-convert ] || continue
    "$program" a.csv a.npy --quiet >/dev/full || { echo "convert --quiet failed" && bad=1; }
    "$program" a.csv b.npy --quiet >&- || { echo "convert --quiet failed, output closed" && bad=1; }
    cmp a.npy b.npy || bad=1
    "$program" info a.npy | grep -q float64 || { echo "convert info failed" && bad=1; }
done
exit $bad
