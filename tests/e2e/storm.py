#!/usr/bin/env python3
"""Reconnect storms as a person plays them: against the built-in peer, a real
server that is killed and started again, and on paper.

    tests/e2e/storm.py
Ends with `storm: N passed, N failed`.
"""
import json
import re

from checks import check, end, own_folder, packages, root, run, schema_breach

work = own_folder("storm")
JITTER = "after 100ms backoff 200ms..2s jitter 100%"


def storm(*words):
    done = run("storm", *words, cwd=root)
    return done.returncode, done.stdout + done.stderr


def reported():
    report = work / "storm.json"
    status, said = storm("--clients", 300, "--policy", JITTER, "--policy", "backoff 100ms", "--json", report)
    breach = schema_breach(report)
    check("all come back to the built-in peer, and the result is by the schema",
          status == 0 and said.count("| ") == 2 and not breach, said + breach)
    cases = json.loads(report.read_text())["cases"]
    arrivals = [sum(p["y"] for p in s["points"]) for c in cases for f in c["figures"] for s in f["series"]
                if s["name"] == "arrivals"]
    check("every try is in the picture", [c["verdict"] for c in cases] == ["PASS", "PASS"]
          and len(arrivals) == 2 and min(arrivals) >= 300, str(cases)[:500])


def real_server():
    words = ["--exec", "exec node tests/peers/ws_server.js {port}", "--clients", 1000]
    status, said = storm(*words, "--policy", JITTER)
    tries = int(re.findall(r"100%.* s +(\d+) ", said)[0]) if status == 0 else 0
    check(f"a thousand come back to a killed server, in {tries} tries", status == 0 and tries >= 1000, said)
    status, said = storm(*words, "--policy", JITTER, "--drop", "fin")
    check("and when their connections are ended", status == 0, said)
    status, said = storm("--tls", "--clients", 100, "--policy", JITTER)
    check("over wss", status == 0, said)


def on_paper():
    words = ["--sim", "--clients", 20000, "--time", "10m", "--seed", 7]
    first, second = storm(*words), storm(*words)
    check("one seed is one storm", first == second and first[0] in (0, 1), first[1])
    status, said = storm("--sim", "--clients", 300000, "--seed", 1, "--time", "10m",
                         "--policy", "after 1s backoff 2s..30s jitter 100%")
    check("a third of a million on paper", status == 0, said)
    status, said = storm("--sim", "--clients", 300000, "--seed", 1, "--time", "1m", "--policy", "after 1s backoff 1s")
    check("a fixed second does not bring them back within a minute: exit 1", status == 1 and "never" in said, said)
    parts = [storm("--sim", "--clients", 10, "--policy", "", "--shard", f"{i}/3")[1] for i in (1, 2, 3)]
    check("shards share the clients", [int(p.split()[0]) for p in parts] == [4, 3, 3], str(parts))


def mistakes():
    for words, wanted, status in (
            (["--policy", "after 1"], "is no policy", 2),
            (["--clients", "0"], "clients", 2),
            (["--clients", "9000000"], "open files", 2),
            (["ws://127.0.0.1:1/", "--clients", "3"], "cannot connect", 3),
            (["ws://127.0.0.1:1/", "--drop", "restart", "--clients", "3"], "", 3),
            (["--drop", "sideways"], "auto|restart|reset|fin", 2)):
        got, said = storm(*words)
        check(f"{' '.join(words)}: {status}", got == status and wanted in said and said.count("wsgauntlet storm: ") == 1, said)


packages()
reported()
real_server()
on_paper()
mistakes()
end("storm")
