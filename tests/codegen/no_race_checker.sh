#!/usr/bin/env bash
# no_race_checker.sh LIBRARY [RACE_RUNTIME]: LIBRARY names nothing of the race checker, be it a function or a variable;
# RACE_RUNTIME does, so that it is the right names that are looked for.
set -euo pipefail
command -v nm >/dev/null || exit 77
names='nodespan6detail4race|__tsan_'
count() { nm "$1" 2>/dev/null | grep -cE "$names" || true; }
if [ "$(count "$1")" != 0 ]; then
    echo "$(count "$1") names of $1 are the race checker's"
    exit 1
fi
[ -e "${2:-}" ] || exit 0 # without the component, or where only unit tests were built
[ "$(count "$2")" != 0 ] || { echo "$2 has no names of the race checker: what is looked for?"; exit 1; }
