#!/bin/sh
# same_loop.sh <objdump> <object file> <name>: <name>_view is compiled into as good a loop as
# <name>_pointer: both vectorised, without calls, and with about as many instructions.
set -eu
export LC_ALL=C
"$1" -d --no-show-raw-insn "$2" | awk -v name="$3" '
# Of a function: its instructions in order, and the shortest loop with packed arithmetic in it.
function end_function(    i, j, from, packed, best) {
    if (current == "") return
    best = 0
    for (i = 1; i <= count; ++i) {
        if (op[i] ~ /^call/) calls[current] = calls[current] " " arg[i]
        if (op[i] !~ /^j/ || !(arg[i] in number)) continue
        from = number[arg[i]]
        packed = 0
        for (j = from; j <= i; ++j) packed += op[j] ~ /^v?(add|sub|mul|fn?m(add|sub).*)p[sd]$|^v?padd[bwdq]$/
        if (from <= i && packed > 0 && (best == 0 || i - from + 1 < best)) {
            best = i - from + 1
            text[current] = ""
            for (j = from; j <= i; ++j) text[current] = text[current] "    " op[j] " " arg[j] "\n"
        }
    }
    hot[current] = best
}
/^[0-9a-f]+ <.*>:$/ {
    end_function()
    current = $2
    gsub(/[<>:]/, "", current)
    count = 0
    split("", number)
    next
}
/^ *[0-9a-f]+:/ {
    address = $1
    sub(/:/, "", address)
    ++count
    number[address] = count
    op[count] = $2
    arg[count] = $3
}
END {
    end_function()
    view = name "_view"
    pointer = name "_pointer"
    printf "%s: %d instructions in the loop by views, %d by pointers\n", name, hot[view], hot[pointer]
    if (hot[pointer] == 0) {
        print "skipped: this compiler does not vectorise the loop over pointers"
        exit 77
    }
    failed = 0
    if (hot[view] == 0) { print "the loop over views is not vectorised"; failed = 1 }
    if (calls[view] != "") { print "calls in the loop over views:" calls[view]; failed = 1 }
    if (hot[view] > hot[pointer] * 1.25 + 2) { print "the loop over views is longer"; failed = 1 }
    if (failed) printf "by views:\n%sby pointers:\n%s", text[view], text[pointer]
    exit failed
}'
