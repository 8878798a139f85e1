#!/usr/bin/env bash
# no_race_checker.sh LIBRARY [RACE_RUNTIME]: LIBRARY names nothing of the race checker, be it a function or a variable, and
# the objects that both have are larger in RACE_RUNTIME, which so does.
set -euo pipefail
command -v nm >/dev/null && command -v size >/dev/null || exit 77
names='nodespan6detail4race|__tsan_'
count() { nm "$1" 2>/dev/null | grep -cE "$names" || true; }
if [ "$(count "$1")" != 0 ]; then
    echo "$(count "$1") names of $1 are the race checker's"
    exit 1
fi
[ -n "${2:-}" ] || exit 0
[ "$(count "$2")" != 0 ] || { echo "$2 has no names of the race checker: what is looked for?"; exit 1; }
bytes() { size "$1" 2>/dev/null | awk -v name="$2" '$6 == name { sum += $1 + $2 + $3 } END { print sum + 0 }'; }
for object in mutex.cpp.o team_core.cpp.o array_core.cpp.o; do
    plain=$(bytes "$1" $object) told=$(bytes "$2" $object)
    [ "$plain" -gt 0 ] && [ "$told" -gt "$plain" ] || { echo "$object: $plain and $told bytes"; exit 1; }
done
