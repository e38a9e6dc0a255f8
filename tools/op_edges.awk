# What op_edges.sh prints. First input: edges.txt; second: op, family; third: the suites' log of kernels.
BEGIN { n_patterns = 0 }
FNR == 1 { file++ }
file == 1 && /^(#|$)/ { next }
file == 1 { # edge, ops as a pattern, why
        pattern[n_patterns] = "^(" $2 ")$"
        edge[n_patterns++] = $1
        next
}
file == 2 { family[$1] = $2; next }
$2 == "*" { seen[$1, $3] = 1 }
$2 == "!" { seen[$1, "error"] = 1 }
# The entry that says why an op cannot have an edge; 0: none does.
function exempt(op, what,   i) {
        for (i = 0; i < n_patterns; i++)
                if (edge[i] == what && op ~ pattern[i]) return i + 1
        return 0
}
function note(op, what,   f, i) {
        f = family[op]
        i = exempt(op, what)
        if (i) served[i - 1]++
        if ((op, what) in seen) {
                count[f, what]++
                count["all", what]++
        } else if (i) {
                count[f, what, "cannot"]++
                count["all", what, "cannot"]++
        } else {
                lacks[what]++
                print what, f, op >missing
        }
}
function cell(f, what) {
        return sprintf("%5d %-5s", count[f, what], count[f, what, "cannot"] ? "+" count[f, what, "cannot"] : "")
}
function line(f) { return sprintf("%-14s %4d  %s %s %s", f, ops[f], cell(f, "ran"), cell(f, "empty"), cell(f, "error")) }
END {
        printf "" >missing
        for (op in family) {
                ops[family[op]]++
                ops["all"]++
                note(op, "ran"); note(op, "empty"); note(op, "error")
        }
        printf "%-14s %4s  %5s       %5s       %5s      +: cannot\n", "family", "ops", "ran", "empty", "error"
        for (f in ops)
                if (f != "all") print line(f) | "sort"
        close("sort")
        print line("all")
        for (i = 0; i < n_patterns; i++)
                if (!served[i]) {
                        print "op_edges: no op is " pattern[i]
                        bad = 1
                }
        for (what in lacks) {
                printf "op_edges: %d ops without a row (%s): see %s\n", lacks[what], what, missing
                bad = 1
        }
        exit bad
}
