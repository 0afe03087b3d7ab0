#!/bin/bash
# The program as a person or a script meets it: usage, exit statuses, reports,
# interruption. Ends with `cli: N passed, N failed`.
. "$(dirname "$0")/checks.sh"
python=/usr/bin/python3

# is NAME STATUS ARGUMENT...: runs the program, which must end with this status
is() {
    local name=$1 wanted=$2
    shift 2
    "$wsg" "$@" >"$out" 2>"$err" </dev/null
    local got=$?
    test "$got" -eq "$wanted"
    verdict $? "$name (exit $got)"
}
# out|err TEXT: the last output has it
out() { grep -qF -- "$1" "$out"; verdict $? "    prints: $1"; }
err() { grep -qF -- "$1" "$err"; verdict $? "    says: $1"; }
one_error() { test "$(wc -l <"$err")" -eq 1; verdict $? "    told in one line"; }
one_line() { test "$(wc -l <"$err")" -eq 1 && test ! -s "$out"; verdict $? "    in one line"; }
valid() { "$python" tests/e2e/schema.py "$1" 2>"$err"; verdict $? "    $(basename "$1") is valid by the schema"; }
no_escape() { ! grep -q $'\033' "$out"; verdict $? "    no colour"; }

# --- usage ---
is "no command" 2; one_line; err "a command is missing"
is "unknown command" 2 tset; one_line; err "did you mean 'test'?"
is "unknown option" 2 test --jsno x; one_line; err "did you mean '--json'?"
is "an option of another command" 2 lint --port 1 x; one_line; err "'--port' is an option of serve, resilience, echo"
is "a value that is none" 2 test -j 0; one_line
is "no file" 2 run; one_line; err "what is missing"
is "a file that is not there" 2 run no/such.wsg; err "no/such.wsg"
is "not a URL" 2 test http:/x; err "is not a WebSocket URL"
is "--sim with a URL" 2 run scenarios/rfc6455/ping.wsg --sim --url ws://localhost/; one_line
is "--fault with a URL" 2 test ws://localhost/ --fault x; one_line
is "unknown fault" 2 test --fault accept-key-wrogn; one_line; err "did you mean 'accept-key-wrong'?"
for line in "echo --cert-out x" "serve --cert-out x" "resilience --exec true --cert-out x" "record 0 1 --cert x --key y" \
    "run scenarios/rfc6455/ping.wsg --sim --key y" "run scenarios/rfc6455/ping.wsg --listen 0 --cert-out x"; do
    # shellcheck disable=SC2086
    is "a certificate without TLS: ${line%% *}" 2 $line; one_error; err "there is no certificate without TLS"
done
is "nothing matches" 2 test --sim --case 'no/such*'; one_line
is "version" 0 --version; out "wsgauntlet "
is "faults are listed" 0 echo --fault list; out "accept-key-wrong"

# --- help ---
for topic in "" run test echo lint fmt list help verbs send; do
    # shellcheck disable=SC2086
    is "help $topic" 0 help $topic
    test "$(awk 'length > 80' "$out" | wc -l)" -eq 0; verdict $? "    within 80 columns"
done
is "--help of a command" 0 run --help; out "--fail-fast"
is "unknown topic" 2 help snd; one_line; err "did you mean 'send'?"

# --- completion for bash ---
is "a script for bash" 0 help completion
completes() { # WANTED WORD...: what stands there for the last word, in one line
    local wanted=$1
    shift
    # shellcheck disable=SC1091,SC2016
    bash -c '. "$1/out"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _wsgauntlet "$1"; echo "${COMPREPLY[*]}"' \
        bash "$dir" "$wsg" "$@" >"$dir/completed" 2>"$dir/err"
    test "$(cat "$dir/completed")" = "$wanted"
    verdict $? "    completes '$*'"
}
completes "resilience record report" re
completes "--fault --fail-fast" test --fa
completes "restart reset" storm --drop re
completes "pong-cut" echo --fault pong-cu
completes "mini-program" resilience --profile mini
completes "json junit" report j
completes "" test --json ""

# --- lint, fmt, list ---
is "lint of what we ship" 0 lint scenarios; out "nothing to report"
cat >"$dir/broken.wsg" <<'EOF'
case a "first"
  opne
  send text "never ended
  send txet "x"
  expect text "a" whithin 1s
  expect close 99999
  wait 5
  send text more more
  send ping hex(0g)
  fault latency
  drop sideways
EOF
is "ten mistakes in one go" 2 lint "$dir/broken.wsg"
for line in 2 3 4 5 6 7 8 9 10 11; do
    grep -qE "broken.wsg:$line:[0-9]+: error: " "$out"; verdict $? "    line $line is told, with its column"
done
out "did you mean 'within'?"
is "run tells them too" 2 run "$dir/broken.wsg"; err "broken.wsg:4:"
is "lint finds what is not meant" 1 lint <(printf 'case a "x"\n  must 6455-no-such-requirement\n  open\n')
is "what we ship is in form" 0 fmt --check scenarios
printf 'case   a    "x"\n     open\n  send   text   "a"\n expect   echo\n' >"$dir/messy.wsg"
is "fmt --check names a file" 1 fmt --check "$dir/messy.wsg"; out "messy.wsg"
is "fmt prints" 0 fmt "$dir/messy.wsg"; out '  send text "a"'
is "fmt -w writes" 0 fmt -w "$dir/messy.wsg"
is "fmt -w is stable" 0 fmt --check "$dir/messy.wsg"
is "list by pattern" 0 list 'ping/*'; out "ping/payload-125"
! grep -qv '^ping/' "$out"; verdict $? "    and nothing else"
is "list of nothing" 2 list 'no/such*'; one_line
is "requirements" 0 list --requirements '6455-5.5.3*'; out "ping/payload-125"

# --- exit statuses and replay ---
printf 'case a "x"\n  testee client\n  accept\n' >"$dir/client.wsg"
is "cases for clients are left out" 2 run "$dir/client.wsg" --sim; err "1 case for clients left out"
is "all passed" 0 test --sim --case 'ping/*'; out " passed in "; no_escape
is "something failed" 1 test --sim --fault accept-key-wrong --case 'handshake/*' --seed 0x51f0; out "FAIL  "
replay=$(sed -n 's/^ *replay: wsgauntlet //p' "$out" | head -n 1)
eval "set -- $replay"
is "its replay command fails too" 1 "$@"; out "1 case"
sed 's/^case /case own-/' scenarios/rfc6455/close.wsg >"$dir/family.wsg"
is "one of a family fails" 1 run "$dir/family.wsg" --sim --fault close-code-unchecked --case 'own-close/code-invalid/999'
replay=$(sed -n 's/^ *replay: wsgauntlet //p' "$out" | head -n 1)
eval "set -- $replay"
is "its replay command plays it alone" 1 "$@"; out "1 case:"
is "one case by its line" 0 run scenarios/rfc6455/ping.wsg:3 --sim -v; out "ping/answered"; out "1 case:"
is "a path of its own" 0 run scenarios/rfc6455/ping.wsg --url 'ws://localhost:{port}/a?b' --header 'X-Y: z' --trace -v \
    --case ping/answered --exec "$python tests/e2e/bad_server.py mortal {port}"
out 'GET /a?b HTTP/1.1'; out 'X-Y: z'
is "over wss" 0 test --tls --case 'ping/*'; out "wss://127.0.0.1:"
is "traced" 0 run scenarios/rfc6455/ping.wsg:3 --sim -v --trace; out "send ping"
is "the same seed" 0 run scenarios/recovery/drop-twice.wsg --sim --seed 7 -v --trace; cp "$out" "$dir/first"
is "the same trace" 0 run scenarios/recovery/drop-twice.wsg --sim --seed 7 -v --trace; cmp -s "$out" "$dir/first"; verdict $? "    byte for byte"

# --- no testee ---
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
is "nobody there" 3 test "ws://127.0.0.1:$port/" --json "$dir/nobody.json"
err "nothing listens on 127.0.0.1:$port (connection refused); start the server or give --exec 'CMD {port}'"
is "a path that is none" 3 test --exec "exec $python tests/peers/hostile_server.py not-found {port}"
err "answers a plain opening handshake with HTTP/1.1 404 Not Found; is the path right?"
test "$(wc -l <"$err")" -eq 1; verdict $? "    in one line"
valid "$dir/nobody.json"
is "a server that does not start" 3 test --exec 'echo too bad >&2; exit 4' --timeout 0.2; err "too bad"

# --- reports ---
is "a report" 1 test --sim --fault accept-key-wrong --json "$dir/result.json" --trace; valid "$dir/result.json"
is "a report that cannot be written" 2 test --sim --json "$dir/no/such/dir.json"
one_line; err "cannot write"
# Every option that names a file to be written is tried before there is anything to lose.
no=$dir/no/such
for line in "test --sim --write-baseline $no" "run scenarios/rfc6455/ping.wsg --sim --write-baseline $no" \
    "serve --write-baseline $no" "serve --write-baseline $dir/no/{agent}.known" "serve --write-baseline $dir/no/{agent}/known" \
    "serve --tls --cert-out $no" "echo --tls --cert-out $no" "resilience --exec true --tls --cert-out $no" \
    "proxy wss://127.0.0.1:0 ws://127.0.0.1:1 --cert-out $no" "record 127.0.0.1:0 ws://127.0.0.1:1 -o $no" \
    "run scenarios/rfc6455/ping.wsg --listen wss://127.0.0.1:0 --cert-out $no" "import tests/none.har -o $no" \
    "proxy 127.0.0.1:0 ws://127.0.0.1:1 --events $no" "storm --sim --json $no" "fuzz --runs 1 --json $no"; do
    # shellcheck disable=SC2086
    is "cannot be written: ${line%%"$dir"*}" 2 $line; one_error; err "$dir/no/"
done
is "a disk that is full" 3 test --sim --case 'ping/*' --json /dev/full; out " passed in "; err "No space left on device"
"$wsg" test --sim >/dev/full 2>"$err"; test $? -eq 3; verdict $? "a full disk behind standard output"
: >"$err"

# --- colour ---
terminal() { TERM=xterm script -qec "stty cols 80; $1" /dev/null >"$out" 2>&1 </dev/null; }
terminal "$wsg test --sim --case 'ping/*'"
grep -q $'\033\[32m' "$out"; verdict $? "colour on a terminal"
grep -q '/[0-9]* *ping/' "$out"; verdict $? "    with progress"
tr '\r' '\n' <"$out" | sed 's/\x1b\[[0-9;]*[mK]//g' |
    "$python" -c 'import sys; sys.exit(any(len(line) > 81 for line in sys.stdin))'
verdict $? "    within 80 columns"
terminal "NO_COLOR=1 $wsg test --sim --case 'ping/*'"
! grep -q $'\033\[[0-9;]*m' "$out"; verdict $? "none with NO_COLOR"
is "colour when asked for" 0 test --sim --case 'ping/*' --color always
grep -q $'\033\[32m' "$out"; verdict $? "    even in a pipe"

# --- what is played, and what is known to fail ---
is "by Autobahn's ids" 0 test --sim --case 'autobahn:7.9.*'; out "9 cases: 9 passed"
is "a glob that nothing matches" 2 test --sim --case 'ping/*' --case 'pimg/*'; one_line; err "no case matches --case 'pimg/*'"
total=$("$wsg" test --sim | sed -n 's/ cases: .*//p')
parts=$(for i in 1 2 3; do "$wsg" test --sim --shard $i/3 | sed -n 's/ cases: .*//p'; done | paste -sd+)
test "$((parts))" -eq "$total"; verdict $? "three shards play all"
is "repeated" 0 test --sim --section rfc6455/ping --repeat 3; out ", 3 rounds: 0 flaky"
set -- test --sim --section rfc6455/ping --fault pong-cut
is "a baseline is written" 0 "$@" --write-baseline "$dir/known"; out "3 failures new in it"; out "3 known to fail"
is "what is known does not fail" 0 "$@" --baseline "$dir/known"; out "3 known to fail"; ! grep -q '^FAIL' "$out"; verdict $? "    and is silent"
grep -v ping/bytewise "$dir/known" >"$dir/less"
is "what is new does" 1 "$@" --baseline "$dir/less"; out "FAIL  ping/bytewise"; out "1 failed, 2 known to fail"
is "what no longer fails is told" 0 test --sim --section rfc6455/ping --baseline "$dir/known"; out "no longer fails: line 2 of"
echo "no/such	case" >>"$dir/known"
is "and goes, with --write-baseline" 0 test --sim --section rfc6455/ping --baseline "$dir/known" --write-baseline "$dir/known"
err "there is no case no/such"; test "$(grep -vc '^#' "$dir/known")" -eq 1; verdict $? "    what was not played stays"
is "no such baseline" 2 test --sim --baseline "$dir/nothing"; one_line; err "nothing"
is "an origin and a subprotocol" 0 run scenarios/rfc6455/ping.wsg:3 --sim -v --trace --origin http://a.b --subprotocol superchat --subprotocol x
out "Origin: http://a.b"; out "Sec-WebSocket-Protocol: superchat, x"; out "Sec-WebSocket-Protocol: superchat"
for wrong in "--header bad" $'--header X: a\nb' $'--origin x\ny' "--subprotocol a b"; do
    for mode in test "run scenarios/rfc6455/ping.wsg"; do
        # shellcheck disable=SC2086
        is "$mode ${wrong@Q}" 2 $mode --sim "${wrong%% *}" "${wrong#* }"; one_line; err "${wrong%% *} takes "
    done
done
is "they break no case" 0 test --sim --origin http://a.b --subprotocol superchat


# --- what fails, and who notices what ---
set -- test --sim --case lengths/16-for-7/0 --fault length-any-form
is "what is not strict does not fail" 0 "$@"; out "1 non-strict"
is "but by --profile strict it does" 1 "$@" --profile strict; out "FAIL  lengths/16-for-7/0"; out "--profile strict --seed"
set -- test --sim --case handshake/key-twice --case ping/payload-125
is "what Autobahn has not, fails" 1 "$@" --fault key-twice-accepted; out "FAIL  handshake/key-twice"
is "but not by --profile autobahn" 0 "$@" --fault key-twice-accepted --profile autobahn; out "1 info"
is "what it has, does" 1 "$@" --fault pong-cut --profile autobahn; out "FAIL  ping/payload-125"
is "a profile that is none" 2 test --sim --profile lax; one_line; err "rfc|strict|autobahn"
is "who notices which defect" 0 test --fault list --catch --case ping/payload-125; out "pong-cut: answers a ping"; out "0 notice no defect"
is "--catch by itself" 2 test --catch; one_line; err "--fault list"

# --- a testee that dies ---
cat >"$dir/death.wsg" <<'EOF'
case good/1 "echoes" each n 1 2 3 4 5 6
  open
  send text "a"
  expect echo

case bad/death "dies of a word"
  open
  send text "die"
  expect echo

case good/2 "echoes" each n 1 2 3 4 5 6
  open
  send text "b"
  expect echo
EOF
is "a testee that dies" 1 run "$dir/death.wsg" --exec "$python tests/e2e/bad_server.py mortal {port}" --json "$dir/death.json"
out "FAIL  bad/death: the testee died: exit status 7"; out "a last word"; out "13 cases: 12 passed, 1 failed"
valid "$dir/death.json"

# --- the same seed, the same bytes, on real sockets ---
coproc ECHO { exec "$wsg" echo --deflate; }
read -r line <&"${ECHO[0]}"
url=${line##* }
for jobs in 1 8; do
    is "the suite, $jobs at a time" 0 test "$url" --seed 7 -j "$jobs" --json "$dir/jobs-$jobs.json"
    grep -o '"sent_digest.*' "$dir/jobs-$jobs.json" >"$dir/sent-$jobs"
done
test -s "$dir/sent-1" && cmp -s "$dir/sent-1" "$dir/sent-8"; verdict $? "    sends the same bytes in each case"
# shellcheck disable=SC2154
kill "$ECHO_PID"
wait "$ECHO_PID" 2>/dev/null

# --- Autobahn's own file ---
coproc ECHO { exec "$wsg" echo; }
read -r line <&"${ECHO[0]}"
url=${line##* }
cat >"$dir/fuzzingclient.json" <<EOF
{"options": {"failByDrop": false}, "outdir": "$dir/servers",
 "servers": [{"agent": "One", "url": "$url", "options": {"version": 18}},
             {"agent": "Two", "url": "$url", "protocols": ["chat"]}],
 "cases": ["7.*", "1.1.1"], "exclude-cases": ["7.9.*"], "exclude-agent-cases": {"Tw*": ["1.*"]}}
EOF
is "fuzzingclient.json" 0 test --spec "$dir/fuzzingclient.json" --json "$dir/servers.json"; out "; One"; out "; Two"; valid "$dir/servers.json"
"$python" -c "import json, sys; r = json.load(open('$dir/servers/index.json')); sys.exit(not ('1.1.1' in r['One'] and len(r['One']) == len(r['Two']) + 1))"
verdict $? "    both servers in Autobahn's index.json"
is "with a server of its own" 0 test "$url" --spec "$dir/fuzzingclient.json"; out "29 cases"
is "no baseline for two" 2 test --spec "$dir/fuzzingclient.json" --baseline x; one_line; err "a baseline is of one server"
sed 's/"7\.\*"/"7.*", "99.9"/' "$dir/fuzzingclient.json" >"$dir/typo.json"
is "a typo in it" 0 test --spec "$dir/typo.json"; one_error; err "typo.json: no case matches '99.9' in \"cases\""
is "it and --case have nothing in common" 2 test "$url" --spec "$dir/fuzzingclient.json" --case 'ping/*'; one_line
err "nothing is left by --case 'ping/*', --spec $dir/fuzzingclient.json (cases, "
is "the same for clients" 2 serve --autobahn --case 'client-*'; one_line; err "nothing is left by --case 'client-*'"
kill "$ECHO_PID"
wait "$ECHO_PID" 2>/dev/null

# --- certificates ---
coproc ECHO { exec "$wsg" echo --tls --cert-out "$dir/cert.pem"; }
read -r line <&"${ECHO[0]}"
url=${line##* }
is "a certificate that nobody vouches for" 3 test "$url" --case 'ping/*'; err "certificate verify failed"
is "--ca vouches for it" 0 test "$url" --case 'ping/*' --ca "$dir/cert.pem"
is "--insecure does not care" 0 test "$url" --case 'ping/*' --insecure
is "a --ca that is none" 2 test "$url" --ca "$dir/first"; one_line
kill "$ECHO_PID"
wait "$ECHO_PID" 2>/dev/null

# --- interruption ---
coproc SERVER { exec "$python" tests/e2e/bad_server.py silent 0; }
read -r port <&"${SERVER[0]}"
"$wsg" run scenarios/rfc6455/ping.wsg --url "ws://127.0.0.1:$port/" --timeout 60s --repeat 20 --json "$dir/int.json" \
    >"$out" 2>"$err" &
player=$!
read -r _ <&"${SERVER[0]}" # the first request has come
kill -INT "$player"
wait "$player"; test $? -eq 3; verdict $? "Ctrl-C ends a run (exit 3)"
out "NO RESULT  ping/"; out "interrupted"; out "did not run"; ! grep -q "in error" "$out"
verdict $? "    what was cut is no trouble of ours"
valid "$dir/int.json"
out "0 of 20 rounds whole, 0 cut short: nothing to compare"
grep -q '"rounds_whole": 0' "$dir/int.json"; verdict $? "    the JSON says so too"
# shellcheck disable=SC2154
kill "$SERVER_PID"
wait "$SERVER_PID" 2>/dev/null

# --- installed ---
make -s install DESTDIR="$dir/root" PREFIX=/usr >"$out" 2>"$err"; verdict $? "make install"
flags=$(PKG_CONFIG_PATH="$dir/root/usr/lib/pkgconfig" \
    pkg-config --define-variable=prefix="$dir/root/usr" --cflags --libs wswire)
# shellcheck disable=SC2086
cc -Wall -Wextra -Werror docs/example.c $flags -o "$dir/example" 2>"$err"
verdict $? "docs/example.c against the installed library"
# A masked "Hello", then a frame that is not masked.
printf '\201\205\067\372\041\075\177\237\115\121\130\201\000' | "$dir/example" >"$out"
test $? -eq 1; verdict $? "the example sees the violation"
out 'message text "Hello"'; out "violation at byte 12: the client "
"$dir/root/usr/bin/wsgauntlet" --version >"$out"; verdict $? "the installed program"

end cli
