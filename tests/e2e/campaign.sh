#!/bin/bash
# Fuzz campaigns, in the size of a test: two instances of AFL++ find the canary's
# bugs, a campaign ends clean, and what it gathers is minimised; the dictionaries are whole.
. "$(dirname "$0")/checks.sh"
says() { grep -qE -- "$1" "$out"; verdict $? "    says: $1"; }

mkdir "$dir/seeds"
printf x >"$dir/seeds/x"
rm -rf build/fuzz/findings/canary build/fuzz/new/canary
fuzz/campaign.sh canary -n 2 -t 6 -s "$dir/sync" -h here -i "$dir/seeds" >"$out" 2>&1
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
! pgrep -f "$dir/sync" >"$out"; verdict $? "    nothing is left running"
rm -rf build/fuzz/findings/canary build/fuzz/new/canary

# A run without an end, in the same directory again, ends at SIGTERM as at Ctrl-C.
coproc RUN { exec fuzz/campaign.sh canary -n 1 -s "$dir/sync" -h here -i "$dir/seeds" 2>&1; }
read -r line <&"${RUN[0]}"
kill -TERM "$RUN_PID"
{ echo "$line"; cat <&"${RUN[0]}"; } >"$out"
says '^== canary: [0-9]+ inputs gathered'
rm -rf build/fuzz/findings/canary build/fuzz/new/canary
fuzz/campaign.sh no-such-target >"$out" 2>&1; test $? -eq 2; verdict $? "a target that there is not"
says 'no such target'

# Scenarios' dictionary has the language's words; every target has a row.
(. fuzz/build; cat "$(dictionary session)") >"$out"
grep -qxF '" reconnect "' "$out" && grep -qxF '" backoff "' "$out"; verdict $? "the dictionary of scenarios has their words"
for target in fuzz/fuzz_*.c; do
    name=$(basename "$target" .c | sed 's/^fuzz_//')
    grep -q "^TARGET($name, " fuzz/targets.def && grep -q "^FUZZ_TARGET(\"$name\");" "$target" || echo "$name"
done >"$out"
test ! -s "$out"; verdict $? "each target has its row in fuzz/targets.def, and says its name"

# A finding is trimmed to what fails: the canary's word, out of some others.
make -s -j"$(nproc)" CC=gcc SAN=address,undefined BUILD=build/gcc-san build/gcc-san/fuzz/fuzz_canary >"$out" 2>&1
cp corpus/canary/oracle "$dir/finding"
build/gcc-san/fuzz/fuzz_canary --trim "$dir/finding" >"$out" 2>&1 && cmp -s "$dir/finding" "$dir/finding.trimmed"
verdict $? "what cannot be smaller is trimmed to itself"
build/gcc-san/fuzz/fuzz_canary --trim "$dir/seeds/x" >"$out" 2>&1; test $? -eq 2; verdict $? "what does not fail is not trimmed"

# Seeds from the suite and the vectors: every target that they are for, the same again, and good ones.
"$wsg" corpus export "$dir/seeds-of-suite" --vectors tests/vectors >"$out" 2>&1; verdict $? "corpus export"
test "$(grep -cE '^[a-z0-9_]+ +[1-9][0-9]* seeds$' "$out")" -eq 13; verdict $? "    has seeds for 13 targets"
"$wsg" corpus export "$dir/seeds-of-suite" --vectors tests/vectors >"$out" 2>&1
test "$(grep -cE ' 0 seeds$' "$out")" -eq 13; verdict $? "    and the same ones again"
make -s -j"$(nproc)" CC=gcc SAN=address,undefined BUILD=build/gcc-san build/gcc-san/fuzz/fuzz_{close,utf8,extension,head} >"$out" 2>&1
for target in close utf8 extension head; do
    "build/gcc-san/fuzz/fuzz_$target" "$dir/seeds-of-suite/$target" >"$out" 2>&1; verdict $? "    good for $target"
done
"$wsg" corpus imprt "$dir" >"$out" 2>&1; test $? -eq 2; verdict $? "a misspelt word is refused"
"$wsg" corpus export "$dir/none" --vectors "$dir" >"$out" 2>&1; test $? -eq 2; verdict $? "vectors that are not there"
says 'frame-vectors.tsv'
"$wsg" corpus export /dev/null/x >"$out" 2>&1; test $? -eq 3; verdict $? "a folder that cannot be"

end campaign
