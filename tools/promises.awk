# docs/promises/*.md: every row of a table names at least one test, and every test that is named (`suite/test`; `stress/program`) is there.
# usage: awk -f tools/promises.awk TEST_SOURCES docs/promises/*.md
FILENAME ~ /^tests\/stress\/[a-z_]+[.]c$/ && FNR == 1 {
        name = FILENAME
        sub(/^tests\//, "", name)
        sub(/[.]c$/, "", name)
        there[name] = 1
}
FILENAME ~ /[.]c$/ && match($0, /^[A-Za-z_]+\([a-z_0-9]+, *[a-z_0-9]+/) {
        name = substr($0, RSTART, RLENGTH)
        sub(/^[A-Za-z_]+\(/, "", name)
        sub(/, */, "/", name)
        there[name] = 1
}
FILENAME !~ /[.]md$/ || !/^\|/ || /^\| *(promise|field|---)/ { next }
{
        named = 0
        rest = $0
        while (match(rest, /`[a-z_0-9]+\/[a-z_0-9]+`/)) {
                name = substr(rest, RSTART + 1, RLENGTH - 2)
                rest = substr(rest, RSTART + RLENGTH)
                if (name in there)
                        named++
                else
                        complain("there is no test " name)
        }
        if (!named)
                complain("no test shows this promise")
}
function complain(text)
{
        printf "%s:%d: %s\n", FILENAME, FNR, text
        bad = 1
}
END { exit bad }
