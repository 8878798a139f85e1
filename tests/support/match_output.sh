#!/usr/bin/env bash
# match_output.sh <regular expression> <command>...: runs the command, with its exit code; 1 where that is
# 0 and standard output, with its line ends, does not match. Standard error goes by: MPI's warnings there
# come and go with the machine.
wanted=$1
shift
out=$("$@"; code=$?; echo end; exit $code)
code=$?
out=${out%end}
printf '%s' "$out"
[ $code = 0 ] || exit $code
[[ $out =~ $wanted ]] && exit
echo "standard output does not match \"$wanted\"" >&2
exit 1
