#!/bin/bash
# Fuzz campaigns, in the size of a test: two instances of AFL++ find the canary's
# bugs, a campaign ends clean, and what it gathers is minimised; the dictionaries are whole.
cd "$(dirname "$0")/../.." || exit 3
dir=$(mktemp -d) || exit 3
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
verdict() { # STATUS NAME
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok $2"
    else
        failed=$((failed + 1))
        echo "not ok $2"
        sed 's/^/    /' "$dir/out" | tail -n 15
    fi
}
says() { grep -qE -- "$1" "$dir/out"; verdict $? "    says: $1"; }

mkdir "$dir/seeds"
printf x >"$dir/seeds/x"
rm -rf build/fuzz/findings/canary build/fuzz/new/canary
fuzz/campaign.sh canary -n 2 -t 6 -s "$dir/sync" -h here -i "$dir/seeds" >"$dir/out" 2>&1
test $? -eq 1; verdict $? "a campaign that finds something says so with its status"
says '^== canary: 2 instances on here in '
says ' s  2 of 2 instances '
says '^== canary: [0-9]+ inputs gathered, [0-9]+ left in build/fuzz/new/canary; [1-9]'
for instance in here-0 here-1; do
    grep -q '^target_mode *: .*persistent shmem_testcase' "$dir/sync/$instance/fuzzer_stats"
    verdict $? "    $instance runs persistent, its input in shared memory"
    grep -q 'Loading custom mutator library' "$dir/sync/$instance.log"; verdict $? "    with our mutator"
done
grep -lqx oracle build/fuzz/findings/canary/afl-*; verdict $? "    the oracle's bug is among the findings"
grep -lqE '^(address|undefined)$' build/fuzz/findings/canary/afl-*; verdict $? "    and one that only a sanitizer sees"
! pgrep -f "$dir/sync" >"$dir/out"; verdict $? "    nothing is left running"
rm -rf build/fuzz/findings/canary build/fuzz/new/canary

# A run without an end, in the same directory again, ends at SIGTERM as at Ctrl-C.
coproc RUN { exec fuzz/campaign.sh canary -n 1 -s "$dir/sync" -h here -i "$dir/seeds" 2>&1; }
read -r line <&"${RUN[0]}"
kill -TERM "$RUN_PID"
{ echo "$line"; cat <&"${RUN[0]}"; } >"$dir/out"
says '^== canary: [0-9]+ inputs gathered'
rm -rf build/fuzz/findings/canary build/fuzz/new/canary
fuzz/campaign.sh no-such-target >"$dir/out" 2>&1; test $? -eq 2; verdict $? "a target that there is not"
says 'no such target'

# Every word of the language is in its dictionary; every target has a row.
grep -oE '^(VERB|SLOT)\([A-Z_]+, "[^"]+' harness/engine/language/verbs.def | sed 's/.*"//' | sort -u >"$dir/words"
missing=$(while read -r word; do grep -qxF "\" $word \"" fuzz/dict/script.dict || echo "$word"; done <"$dir/words")
echo "missing: $missing" >"$dir/out"
test -z "$missing"; verdict $? "fuzz/dict/script.dict has each of $(wc -l <"$dir/words") words"
for target in fuzz/fuzz_*.c; do
    name=$(basename "$target" .c | sed 's/^fuzz_//')
    grep -q "^TARGET($name, " fuzz/targets.def && grep -q "^FUZZ_TARGET(\"$name\");" "$target" || echo "$name"
done >"$dir/out"
test ! -s "$dir/out"; verdict $? "each target has its row in fuzz/targets.def, and says its name"

echo "e2e campaign: $passed passed, $failed failed"
test "$failed" -eq 0
