#!/bin/sh
# The whole suite and all stories against the built-in peer, in each way of
# playing them, and under the tools that see a wrong byte. Ends with
# `suite: N passed, N failed`.
. "$(dirname "$0")/checks.sh"

passes() { # WHAT COMMAND...
    what=$1
    shift
    "$@" >"$out" 2>"$err" </dev/null
    verdict $? "$what: $(tail -n 1 "$out" | sed 's/; seed.*//')"
}
check="valgrind -q --leak-check=full --error-exitcode=9"
small="--exclude limits/* --exclude bounds/* --exclude sizes/*/[0-9]*[0-9][0-9][0-9][0-9]"
sanitized=build/gcc-san/wsgauntlet

passes "the suite over ws" "$wsg" test
passes "the suite over wss" "$wsg" test --tls
# NAME CASE...: a defect of the TLS port, which no simulation has, fails each of these cases
tls_defect() {
    defect=$1
    shift
    for case in "$@"; do
        "$wsg" test --tls --fault "$defect" --case "$case" --timeout 0.5 >"$out" 2>"$err" </dev/null
        [ $? -eq 1 ] && grep -q "^FAIL  $case" "$out"
        verdict $? "$defect is caught by $case"
    done
}
tls_defect tls-plain-served handshake/tls-plain
tls_defect tls-garbage-kept handshake/tls-garbage/16030100050e00000000 handshake/tls-garbage/17030300050000000000
passes "the suite, one case at a time" "$wsg" test -j 1
passes "the suite in the simulation" "$wsg" test --sim
passes "the stories over ws" "$wsg" run scenarios/recovery
passes "the stories over wss" "$wsg" run scenarios/recovery --tls
passes "the stories in the simulation" "$wsg" run scenarios/recovery --sim
# shellcheck disable=SC2086
passes "the suite under valgrind" $check "$wsg" test --timeout 10 $small --exclude "bombs/*"
# shellcheck disable=SC2086
passes "a tenth of it over wss" $check "$wsg" test --tls --shard 1/10 --timeout 10 $small --exclude "bombs/*"
passes "a build with sanitizers" make -s -j2 SAN=address,undefined build/gcc-san/wsgauntlet
passes "the suite under ASan and UBSan" $sanitized test
passes "the stories under ASan and UBSan" $sanitized run scenarios/recovery --tls
passes "the scenario files are sound" "$wsg" lint scenarios
passes "the scenario files are in canonical form" "$wsg" fmt --check scenarios
for i in 1 2 3 4 5 6 7 8 9 10; do
    # shellcheck disable=SC2086
    passes "the suite again ($i), another seed" "$wsg" test --seed "$i" $small
done
end suite
