#!/usr/bin/env bash
# What all programs have: the same options, help that fits, complaints that help; outputs that cannot be
# written are refused before the work, and a standard output that cannot be written after it: exit code 1, and
# a message that says why.
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

# check_usage <program>: its help, its wrong command lines, and JSON in a file; with `options` and `start`
check_usage() {
    local name=${1##*/} status out
    complain() { echo "$name: $1" && cat help complaint && bad=1; }
    "$1" --help >help 2>complaint || complain "--help failed"
    ! awk 'length($0) > 100' help | grep . || complain "lines longer than 100 columns"
    ! sed '/^Examples:/,$d' help | grep -E '[0-9]{8}|INT|FLOAT|TEXT' || complain "types or limits that nobody reads"
    for option in --json --quiet --version --help; do
        grep -qE "^ .*$option" help || complain "--help shows no $option"
    done
    "$1" --qiet --vresion=3 >/dev/null 2>complaint
    status=$?
    [ $status = 2 ] && grep -q "^$name: there is no option --qiet, did you mean --quiet?; there is no option \
--vresion, did you mean --version? (--help shows all options)" complaint || complain "--qiet: exit code $status"

    out=(--json nowhere/a.json)
    "${start[@]}" "$1" "${options[@]/--json/--quiet}" "${out[@]}" >/dev/null 2>complaint
    status=$?
    [ $status = 1 ] && grep -q "^$name: --json nowhere/a.json: it cannot be written: the folder nowhere: No such file" \
        complaint || complain "${out[*]}: exit code $status"
    "${start[@]}" "$1" "${options[@]/--json/--quiet}" --json "$name.json" >text 2>complaint || complain "--json FILE failed"
    grep -q '[]}]' "$name.json" && [ -s text ] || complain "--json FILE: no JSON there, or no text"
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
    check_usage "$program"
done

# A picture that cannot be written is a warning: results are worth more.
if command -v gnuplot >/dev/null; then
    for program in "$@"; do
        [ "${program##*/}" = nodespan-heat ] || continue
        "$program" --size 20 --steps 2 --plot /dev/full >output 2>complaint # the results are there
        status=$?
        [ $status = 0 ] && grep -q "warning: no picture: cannot write /dev/full: No space left" complaint &&
            grep -q "hash of the field" output ||
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
