#!/bin/sh
# Clients that we know, and what `wsgauntlet resilience` says of them: the way of
# the tutorials fails at the second drop, the corrected one passes, and a client with
# exactly one thing wrong is caught by the check that is about it.
cd "$(dirname "$0")/../.." || exit 3
program=${WSGAUNTLET:-./wsgauntlet}
clients=tests/peers/clients
passed=0 failed=0
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
if [ ! -d $clients/node_modules ]; then
    npm ci --prefix $clients >"$work/npm" 2>&1 || { cat "$work/npm"; exit 3; }
fi

ok() { passed=$((passed + 1)); echo "ok $1"; }
not_ok() { failed=$((failed + 1)); echo "not ok $1"; sed 's/^/    /' "$work/out" "$work/err" | tail -n 40; }
check() { if [ "$1" -eq 0 ]; then ok "$2"; else not_ok "$2"; fi; }
# is NAME STATUS ARGUMENTS...
is() {
    name=$1 status=$2
    shift 2
    "$program" resilience "$@" >"$work/out" 2>"$work/err"
    test $? -eq "$status"
    check $? "$name (exit $status)"
}
says() { grep -q -- "$1" "$work/out" "$work/err"; check $? "    says: $1"; }

# The whole point, in one command.
is "the tutorials' way" 1 --exec "exec node $clients/mini-program-naive.js {url}" --factor 0.2 --case 'back/reset*' \
    --exclude '*/reset-five-times' --json "$work/naive.json"
says 'PASS  back/reset '
says 'FAIL  back/reset-twice .*after the 1st reset in [01]\.[0-9] s, never after the 2nd reset'
says "alone: wsgauntlet resilience --exec .* --case 'back/reset-twice'"
python3 tests/e2e/schema.py "$work/naive.json" >"$work/out" 2>"$work/err"
check $? "    its JSON is valid by the schema"

echo "resilience: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
