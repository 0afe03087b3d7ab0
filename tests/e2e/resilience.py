#!/usr/bin/env python3
"""Clients that we know, and what `wsgauntlet resilience` says of them: the way of the tutorials fails at the second
drop, the corrected client passes everything, and one with exactly one thing wrong fails the check that is about it.

    tests/e2e/resilience.py [FAULT...]      only these faults

All run at the same time, accelerated; ends with `resilience: N passed, N failed`.
"""
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import re
import sys
import tempfile

from checks import check, end, packages, peers, root, run

clients = peers / "clients"
FACTOR = "0.25"
REFERENCE = ["mini-program", "tests/peers/clients/profiles/reference.wsg"]
STOPS = [*REFERENCE, "tests/peers/clients/profiles/stops.wsg"]
AT_MOST_ONCE = [*REFERENCE, "tests/peers/clients/profiles/at-most-once.wsg"]

# fault, the checks that have to catch it, the factor where timers must be told apart from noise
FAULTS = [
    ("no-jitter", ["pacing/spread"], "0.4"),
    ("no-return", ["back/reset", "closing/malformed/03"]),
    ("second-drop", ["back/reset-twice"]),
    ("two-at-start", ["back/one-at-start"]),
    ("two-per-failure", ["back/one-try-per-failure", "back/reset-five-times"]),
    ("keeps-half-open", ["back/fin-twice"]),
    ("stays-away", ["back/close-twice/1001", "back/close-twice/1012"]),
    ("needs-server-at-start", ["back/late-server"]),
    ("gives-up", ["back/http-503", "back/restart", "back/long-outage"]),
    ("no-waits", ["back/http-refused/401", "pacing/flap", "pacing/rejected/1002"]),
    ("blind-to-redirects", ["back/http-redirect"]),
    ("no-connect-timeout", ["back/no-answer", "back/slow-answer"]),
    ("blind-to-wrong-key", ["back/wrong-accept-key"]),
    ("blind-to-no-upgrade", ["back/no-upgrade-header"]),
    ("blind-to-garbage", ["back/http-behind-101", "closing/malformed/03ed", "closing/malformed/03e9ff"]),
    ("stop-forgets-timer", ["back/stopped-while-waiting", "back/stopped-while-connecting"]),
    ("no-first-wait", ["pacing/first-wait"]),
    ("constant-waits", ["pacing/growth"]),
    ("long-waits", ["pacing/cap"]),
    ("no-jitter", ["pacing/herd"]),
    ("never-steady", ["pacing/steady"]),
    ("no-heartbeat", ["liveness/half-open", "liveness/nothing-comes", "liveness/nothing-arrives"]),
    ("keeps-old", ["liveness/old-one-ends"]),
    ("hasty-heartbeat", ["liveness/slow-line"]),
    ("no-pong", ["liveness/pong"]),
    ("events-of-old-ones", ["liveness/late-data"]),
    ("no-close-answer", ["closing/answer", "closing/tcp-left-open"]),
    ("drops-while-down", ["messages/outage-lossless"]),
    ("forgets-what-was-sent", ["messages/in-flight", "messages/half-open"]),
    ("forgets-at-open", ["messages/lost-ack"]),
    ("resumes-never", ["messages/missed"]),
    ("resumes-from-start", ["messages/missed"]),
    ("returns-always", ["back/stays-away/1008"]),
    ("repeats", ["messages/outage-once"]),
    ("reorders", ["messages/outage-in-order"]),
    ("no-heartbeat", ["liveness/black-hole"]),
    ("no-waits", ["pacing/http-behind-101"]),
    ("newest-only", ["messages/live-first"]),
    ("endless-queue", ["messages/long-outage"]),
    ("floods", ["messages/flush"]),
    ("queue-first", ["messages/login-first"]),
    ("forgets-subscriptions", ["messages/subscribed-again"]),
    ("resumes-from-start", ["messages/subscribed-again"]),
    ("takes-any-certificate", ["tls/certificate/expired", "tls/certificate/other-name", "tls/certificate/unknown"]),
    ("no-waits", ["tls/cut"]),
    ("second-drop", ["tls/no-close-notify"]),
    ("returns-when-dismissed", ["back/dismissed"], "1"),
    ("hammers-when-refused", ["back/refused-by-packet"], "1"),
    ("forgets-its-session", ["back/recovers"], "1"),
]
# What is not about the reference as it is: profile and environment, and the client.
OTHERWISE = {
    "takes-any-certificate": (REFERENCE, {"NODE_TLS_REJECT_UNAUTHORIZED": "0"}),
    "returns-when-dismissed": (["socket.io-client"], {}, "socketio.js"),
    "hammers-when-refused": (["socket.io-client", "generic"], {}, "socketio.js"),
    "forgets-its-session": (["socket.io-client"], {}, "socketio.js"),
    "returns-always": (STOPS, {"STOPS": "1000,1008,1011,4401"}),
    "repeats": (AT_MOST_ONCE, {"AT_MOST_ONCE": "1"}),
    "reorders": (AT_MOST_ONCE, {"AT_MOST_ONCE": "1"}),
}


def play(script, profiles, checks, environment=None, factor=FACTOR):
    """Plays these checks (globs) against a client of ours: id -> result, and what was printed."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "result.json"
        command = ["resilience", "--exec", f"exec node {clients}/{script} {{url}}", "--factor", factor,
                   "--json", str(file), *(["--tls"] if any(glob.startswith("tls/") for glob in checks) else [])]
        for profile in profiles:
            command += ["--profile", profile]
        for glob in checks:
            command += ["--case", glob]
        done = run(*command, cwd=root, env={**os.environ, **(environment or {})})
        result = json.loads(file.read_text()) if file.exists() else {"cases": []}
        runs = result.get("runs", [result])
        return {case["id"]: case for case in runs[0]["cases"]}, done


def of_fault(fault, checks, factor=FACTOR):
    profiles, environment, *script = OTHERWISE.get(fault, (REFERENCE, {}))
    cases, done = play(*(script or ["faulty.js"]), profiles, checks, {**environment, "FAULT": fault}, factor)
    wrong = [f"{one} does not catch it: {cases.get(one, {}).get('verdict')}" for one in checks
             if cases.get(one, {}).get("verdict") != "FAIL"]
    return f"{fault} is caught by {', '.join(checks)}", wrong, done


def of_good(name, script, profiles, checks, environment=None, factor=FACTOR):
    cases, done = play(script, profiles, checks, environment, factor)
    wrong = [f"{case['id']}: {case['verdict']}, {case['detail']}, {case['seen']}" for case in cases.values()
             if case["verdict"] not in ("PASS", "UNIMPLEMENTED")]
    played = [case for case in cases.values() if case["verdict"] == "PASS"]
    if done.returncode != 0 and not wrong or not played:
        wrong.append(f"exit status {done.returncode}")
    return f"{name}: {len(played)} checks pass", wrong, done


def of_tutorial():
    """The whole point, in one command."""
    _, done = play("mini-program-naive.js", [], ["back/reset", "back/reset-twice"])
    wrong = [f"it does not say: {line}" for line in (
        r"PASS  back/reset ", r"FAIL  back/reset-twice .*came back after the 1st reset in 0\.\d s, never after the 2nd reset",
        r"alone: wsgauntlet resilience --exec .* --case '?back/reset-twice") if not re.search(line, done.stdout)]
    if done.returncode != 1:
        wrong.append(f"exit status {done.returncode}")
    return "the tutorials' way fails at the second drop, and says so", wrong, done


def of_nobody():
    """A command that starts no client: told once, not by each check."""
    done = run("resilience", "--exec", "node no-such-client.js {url}")
    wrong = [] if done.returncode == 3 and "alone:" not in done.stdout else [f"exit status {done.returncode}"]
    if "cannot be started: exit status 1: Error: Cannot find module" not in done.stderr or done.stderr.count("\n") != 1:
        wrong.append("it does not say why")
    return "a client that cannot be started is told once", wrong, done


def every_check_has_a_fault():
    """No check without a client that fails it: families by their first value."""
    text = "".join(path.read_text() for path in sorted((root / "scenarios/resilience").glob("*.wsg")))
    ids = re.findall(r"^case (\S+)", text, re.M)
    caught = [name for row in FAULTS for name in row[1]]
    wrong = [f"no fault is caught by {one}" for one in ids
             if not any(fnmatch.fnmatch(name, one) or name.startswith(one + "/") for name in caught)]
    return f"each of {len(ids)} checks catches something", wrong, None


def play_alone(job):
    future = concurrent.futures.Future()
    future.set_result(job[0](*job[1:]))
    return future


def main():
    packages(clients)
    wanted = sys.argv[1:]
    jobs = [(of_fault, *row) for row in FAULTS if not wanted or row[0] in wanted]
    if not wanted:
        jobs = [(of_good, "the reference client", "faulty.js", REFERENCE, ["*"]), (of_tutorial,), (of_nobody,),
                (every_check_has_a_fault,),
                (of_good, "the mini program", "mini-program.js", ["mini-program"], ["*/reset-twice", "*/half-open"]),
                (of_good, "the reference client over TLS", "faulty.js", REFERENCE,
                 ["tls/*", "back/*-twice", "liveness/black-hole"]),
                (of_good, "socket.io-client", "socketio.js", ["socket.io-client"],
                 ["back/dismissed", "back/refused-by-packet", "back/recovers", "messages/login-first", "messages/subscribed-again"],
                 None, "1"),
                (of_good, "one that stays away", "faulty.js", STOPS, ["back/stays-away/*"],
                 {"STOPS": "1000,1008,1011,4401"}),
                (of_good, "one that sends once", "faulty.js", AT_MOST_ONCE, ["messages/outage-*"], {"AT_MOST_ONCE": "1"}),
                *jobs]
    # The one that has to pass plays alone: a busy machine looks like a slow client.
    alone = [] if wanted else [play_alone(jobs.pop(0))]
    with concurrent.futures.ThreadPoolExecutor(max_workers=6) as pool:
        for future in [*alone, *[pool.submit(job[0], *job[1:]) for job in jobs]]:
            name, wrong, done = future.result()
            check(not wrong, name, [*wrong, *((done.stdout + done.stderr).splitlines()[-30:] if done else [])])
    end("resilience")


main()
