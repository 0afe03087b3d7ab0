#!/bin/sh
# The whole suite and all stories against the built-in peer, in each way of
# playing them, and under the tools that see a wrong byte. Ends with
# `suite: N passed, N failed`.
cd "$(dirname "$0")/../.." || exit 3
passed=0 failed=0
out=$(mktemp) || exit 3
trap 'rm -f "$out"' EXIT

passes() { # WHAT COMMAND...
    what=$1
    shift
    if "$@" >"$out" 2>&1 </dev/null; then
        passed=$((passed + 1))
        echo "ok   $what: $(tail -n 1 "$out" | sed 's/; seed.*//')"
    else
        failed=$((failed + 1))
        echo "FAIL $what: $*"
        sed 's/^/     /' "$out" | tail -n 30
    fi
}
check="valgrind -q --leak-check=full --error-exitcode=9"
small="--exclude limits/* --exclude sizes/*/[0-9]*[0-9][0-9][0-9][0-9]"
sanitized=build/gcc-san/wsgauntlet

passes "the suite over ws" ./wsgauntlet test
passes "the suite over wss" ./wsgauntlet test --tls
passes "the suite, one case at a time" ./wsgauntlet test -j 1
passes "the suite in the simulation" ./wsgauntlet test --sim
passes "the stories over ws" ./wsgauntlet run scenarios/recovery
passes "the stories over wss" ./wsgauntlet run scenarios/recovery --tls
passes "the stories in the simulation" ./wsgauntlet run scenarios/recovery --sim
# shellcheck disable=SC2086
passes "the suite under valgrind" $check ./wsgauntlet test --timeout 10 $small --exclude "bombs/*"
# shellcheck disable=SC2086
passes "a quarter of it over wss" $check ./wsgauntlet test --tls --shard 1/4 --timeout 10 $small --exclude "bombs/*"
passes "a build with sanitizers" make -s -j2 SAN=address,undefined build/gcc-san/wsgauntlet
passes "the suite under ASan and UBSan" $sanitized test
passes "the stories under ASan and UBSan" $sanitized run scenarios/recovery --tls
passes "the scenario files are sound" ./wsgauntlet lint scenarios
passes "the scenario files are in canonical form" ./wsgauntlet fmt --check scenarios
for i in 1 2 3 4 5 6 7 8 9 10; do
    # shellcheck disable=SC2086
    passes "the suite again ($i), another seed" ./wsgauntlet test --seed "$i" $small
done
echo "suite: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
