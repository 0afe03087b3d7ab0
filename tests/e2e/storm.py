#!/usr/bin/env python3
"""Reconnect storms as a person plays them: against the built-in peer, a real
server that is killed and started again, and on paper.

    tests/e2e/storm.py
Ends with `storm: N passed, N failed`.
"""
import json
import os
import pathlib
import re
import resource
import shlex
import signal
import subprocess

from checks import check, end, own_folder, packages, program, root, run, schema_breach

work = own_folder("storm")
JITTER = "after 100ms backoff 200ms..2s jitter 100%"


def storm(*words):
    done = run("storm", *words, cwd=root)
    return done.returncode, done.stdout + done.stderr


def reported():
    report = work / "storm.json"
    status, said = storm("--clients", 300, "--policy", JITTER, "--policy", "backoff 100ms", "--json", report)
    breach = schema_breach(report)
    check(status == 0 and said.count("| ") == 2 and not breach, "all come back to the built-in peer, and the result is by the schema", said + breach)
    cases = json.loads(report.read_text())["cases"]
    arrivals = [sum(p["y"] for p in s["points"]) for c in cases for f in c["figures"] for s in f["series"]
                if s["name"] == "arrivals"]
    check([c["verdict"] for c in cases] == ["PASS", "PASS"]
          and len(arrivals) == 2 and min(arrivals) >= 300,
          "every try is in the picture", str(cases)[:500])


def real_server():
    words = ["--exec", "exec node tests/peers/ws_server.js {port}", "--clients", 1000]
    status, said = storm(*words, "--policy", JITTER)
    tries = int(re.findall(r"100%.* s +(\d+) ", said)[0]) if status == 0 else 0
    check(status == 0 and tries >= 1000, f"a thousand come back to a killed server, in {tries} tries", said)
    status, said = storm(*words, "--policy", JITTER, "--drop", "fin")
    check(status == 0, "and when their connections are ended", said)
    status, said = storm("--tls", "--clients", 100, "--policy", JITTER)
    check(status == 0, "over wss", said)


def several_processes():
    report = work / "several.json"
    status, said = storm("--clients", 301, "--workers", 3, "--policy", JITTER, "--json", report)
    case = json.loads(report.read_text())["cases"][0]
    check(status == 0 and "in 3 processes" in said
          and case["title"].startswith("301 clients") and case["seen"].startswith("301 of 301 are back"),
          "three processes share the clients, and are told as one", said + str(case)[:400])
    again = work / "again.wsg"
    again.write_text(case["source"])
    done = run("run", again, "-v")
    check(done.returncode == 0 and "301 of 301 are back" in done.stdout, "the report's scenario is the same storm",
          done.stdout + done.stderr)


def shards():
    parts = []
    for i in (1, 2, 3):
        parts.append(work / f"shard{i}.json")
        storm("--clients", 100, "--shard", f"{i}/3", "--seed", 5, "--policy", "after 50ms", "--json", parts[-1])
    done = run("report", "merge", *parts)
    case = json.loads(done.stdout)["cases"][0]
    check(case["title"].startswith("100 clients")
          and case["seen"].startswith("100 of 100 are back") and case["detail"].startswith("100 tries"),
          "what is said of three shards is of the whole", str(case)[:400])
    check("fleet 100 " in case["source"] and "--clients 100 " in case["replay"],
          "and so are the scenario and the replay", case["source"] + case["replay"])


def replays():
    """A storm that failed fails again by the command in its report, with the same words where nothing is measured."""
    report = work / "replay.json"
    for words, exact in ((["--clients", 20, "--time", "300ms", "--drop", "fin", "--ramp", 500, "--policy", "after 20s"], False),
                         (["--exec", f": {'x' * 5000}; exec node tests/peers/ws_server.js {{port}}", "--clients", 5, "--time", "300ms",
                           "--policy", "after 20s"], False),
                         (["--sim", "--clients", 3000, "--time", "4s", "--outage", "3500ms", "--handshakes", 700, "--policy",
                           "after 1s jitter 50%"], True)):
        status, said = storm(*words, "--json", report)
        first = json.loads(report.read_text())["cases"][0]
        again, told = storm(*shlex.split(first["replay"])[2:], "--json", report)
        second = json.loads(report.read_text())["cases"][0]
        check(status == again == 1 and second["replay"] == first["replay"]
              and (not exact or (second["seen"], second["detail"]) == (first["seen"], first["detail"])),
              f"the replay of a storm fails as it did: ...{first['replay'][-80:]}", said + told)


def out_of_memory():
    def little():
        resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
    done = run("storm", "--sim", "--clients", 10000000, "--policy", "after 1s", preexec_fn=little)
    check(done.returncode == 3 and done.stderr == "wsgauntlet storm: out of memory\n", "too many for our memory: exit 3",
          f"{done.returncode}\n{done.stdout}{done.stderr}")


def children(pid):
    return [int(p) for p in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()]


def begun(*words):
    """A storm whose first policy was told and whose second one never ends."""
    running = subprocess.Popen([program, "storm", "--clients", "40", "--workers", "2", "--policy", "after 50ms", "--policy",
                                "after 1h", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               start_new_session=True)
    lines = [running.stdout.readline() for _ in range(5)]
    return running, lines


def ends():
    for name, words, end in (
            ("Ctrl-C", "interrupted: what was measured until then is reported", lambda p: os.killpg(p.pid, signal.SIGINT)),
            ("a process of ours that is killed", "process 1 of 2 ended: killed by signal 9",
             lambda p: os.kill(children(p.pid)[0], signal.SIGKILL))):
        report = work / "ended.json"
        running, lines = begun("--json", report)
        ours = children(running.pid)
        end(running)
        said = "".join(lines) + running.communicate(timeout=30)[0]
        result = json.loads(report.read_text())
        check(running.returncode == 3 and words in said
              and result["interrupted"] and len(result["cases"]) == 1 and len(ours) == 2
              and not any(pathlib.Path(f"/proc/{pid}").exists() for pid in ours),
          f"{name}: what there was is reported, exit 3, nobody is left", said + str(result)[:300])


def fleets():
    """The `fleet` step of the scenario language, against real servers."""
    stories = [root / "scenarios/recovery/fleet-restart.wsg", root / "scenarios/recovery/fleet-drop-twice.wsg"]
    for server in ("exec node tests/peers/ws_server.js {port}", "exec /usr/bin/python3 tests/peers/websockets_server.py {port}"):
        report = work / "fleet.json"
        done = run("run", *stories, "--exec", server, "--json", report, cwd=root)
        cases = json.loads(report.read_text())["cases"]
        check(done.returncode == 0 and len(cases) == 2
              and all("300 of 300 are back" in c["detail"] and len(c["figures"]) == 4 for c in cases),
          f"three hundred clients: {server.split()[1].split('/')[-1]}",
              done.stdout + done.stderr)
    story = work / "mistake.wsg"
    story.write_text('scenario "x"\n  fleet 5\n    open\n    drop reset\n  end\n')
    done = run("run", story)
    check(done.returncode == 2
          and "mistake.wsg:4:5: error: 'drop reset' cannot stand in a fleet" in done.stderr and "behind its end" in done.stderr,
          "what cannot stand in a fleet is told with its mend",
          done.stdout + done.stderr)


def on_paper():
    words = ["--sim", "--clients", 20000, "--time", "10m", "--seed", 7]
    first, second = storm(*words), storm(*words)
    check(first == second and first[0] in (0, 1), "one seed is one storm", first[1])
    status, said = storm("--sim", "--clients", 300000, "--seed", 1, "--time", "10m",
                         "--policy", "after 1s backoff 2s..30s jitter 100%")
    check(status == 0, "a third of a million on paper", said)
    status, said = storm("--sim", "--clients", 300000, "--seed", 1, "--time", "1m", "--policy", "after 1s backoff 1s")
    check(status == 1 and "never" in said, "a fixed second does not bring them back within a minute: exit 1", said)
    parts = [storm("--sim", "--clients", 10, "--policy", "", "--shard", f"{i}/3")[1] for i in (1, 2, 3)]
    check([int(p.split()[0]) for p in parts] == [4, 3, 3], "shards share the clients", str(parts))


def mistakes():
    for words, wanted, status in (
            (["--policy", "after 1"], "is no policy", 2),
            (["--clients", "0"], "clients", 2),
            (["--clients", "9000000"], "open files", 2),
            (["ws://127.0.0.1:1/", "--clients", "3"], "cannot connect", 3),
            (["ws://127.0.0.1:1/", "--drop", "restart", "--clients", "3"], "needs a server that we start", 2),
            (["--drop", "sideways"], "auto|restart|reset|fin", 2)):
        got, said = storm(*words)
        check(got == status and wanted in said and said.count("wsgauntlet storm: ") == 1, f"{' '.join(words)}: {status}", said)


packages()
reported()
several_processes()
shards()
replays()
ends()
fleets()
real_server()
on_paper()
out_of_memory()
mistakes()
end("storm")
