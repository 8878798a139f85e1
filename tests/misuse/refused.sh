#!/bin/sh
# refused.sh <source> <compiler> <flags>...: compiles the source as it is, which must succeed without a
# warning, and with -DNODESPAN_MISUSE, where each line that ends in "// refused: <regular expression>"
# must be refused with such a message. So a case cannot fail for another reason than its own: beside it
# stands what is right, which differs in that one thing.
set -eu
export LC_ALL=C
source=$1
shift
for flag; do # without empty ones, which some versions of CMake pass on
    shift
    [ -z "$flag" ] || set -- "$@" "$flag"
done
case $("$1" --version) in
*clang*) every_error=-ferror-limit=0 ;;
*) every_error=-fmax-errors=0 ;;
esac
said=$(mktemp)
trap 'rm -f "$said"' EXIT
set -- "$@" -fsyntax-only -Wall -Wextra -Werror "$source"
if ! "$@" >"$said" 2>&1; then
    cat "$said"
    echo "$source: what is right does not compile"
    exit 1
fi
if "$@" -DNODESPAN_MISUSE "$every_error" >"$said" 2>&1; then
    echo "$source: all misuse compiles"
    exit 1
fi
awk -v said="$said" -v name="${source##*/}" '
BEGIN { while ((getline line < said) > 0) text[++count] = line }
# The error that names line `at` of the source: there, or in a header and "required from here".
function is_refused(at, message,    i, where, block) {
    where = name ":" at ":"
    for (i = 1; i <= count; ++i) {
        if (index(text[i], where) == 0) continue
        if (text[i] ~ / error: /) { if (text[i] ~ message) return 1 }
        else for (block = i + 1; block <= count && block <= i + 12; ++block)
            if (text[block] ~ / error: / && text[block] ~ message) return 1
        for (block = i - 1; block >= 1 && block >= i - 12; --block) # clang says where it comes from later
            if (text[i] ~ / note: / && text[block] ~ / error: / && text[block] ~ message) return 1
    }
    return 0
}
match($0, /\/\/ refused: /) {
    ++cases
    message = substr($0, RSTART + RLENGTH)
    if (is_refused(FNR, message)) next
    ++wrong
    print name ":" FNR ": is not refused with \"" message "\""
}
END {
    if (wrong || !cases) for (i = 1; i <= count; ++i) print text[i]
    print cases + 0 " cases, " wrong + 0 " not refused"
    exit (wrong || !cases)
}' "$source"
