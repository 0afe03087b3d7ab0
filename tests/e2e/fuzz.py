#!/usr/bin/env python3
"""Live fuzzing as a person does it: what it finds, what it must not find, that a
campaign goes on where it stopped, and that coverage leads where chance does not.

    tests/e2e/fuzz.py           what `make test` runs
    tests/e2e/fuzz.py faults    every defect of the built-in peer (minutes)
Ends with `fuzz: N passed, N failed`.
"""
import json
import os
import re
import signal
import subprocess
import sys

from checks import check, end, own_folder, program, root
from checks import run as run_program

work = own_folder("fuzz")
MOVES_MOST = 8
# One of each section; the whole list is for `fuzz.py faults`.
FAULTS = ["accept-key-wrong", "version-any", "length-not-minimal", "rsv-unchecked", "unmasked-accepted",
          "interleaving-accepted", "pong-cut", "utf8-unchecked", "close-reason-unchecked", "deflate-takeover-kept"]

def run(*words, **more):
    done = run_program(*words, **more)
    return done.returncode, done.stdout + done.stderr


def finds(fault, seed, runs):
    """The defect is found without the suite's cases; each finding is small, fails there, and a correct peer passes it."""
    folder = work / fault
    status, said = run("fuzz", "--sim", "--fault", fault, "--no-seeds", "--fail-fast", "--runs", runs, "--dir", folder,
                       "--seed", seed)
    moves = [int(n) for n in re.findall(r", (\d+) moves?: ", said)]
    if status != 1 or "DOUBT" in said or not moves or max(moves) > MOVES_MOST:
        return check(False, f"finds {fault}", said)
    with_it, said_with = run("run", "--sim", "--fault", fault, "--timeout", "1s", folder / "findings")
    without, said_without = run("run", "--sim", folder / "findings")
    lint, said_lint = run("lint", folder / "findings")
    return check((with_it, without) == (1, 0) and lint != 2, f"finds {fault}: {max(moves)} moves at most",
                 said + said_with + said_without + said_lint)


def no_false_findings():
    status, said = run("fuzz", "--sim", "--runs", 2500, "--dir", work / "correct", "--seed", 11,
                       "--json", work / "correct.json")
    check(status == 0 and "DOUBT" not in said and "could not" not in said, "nothing is found in the correct peer", said)
    result = json.loads((work / "correct.json").read_text())
    check(result["summary"]["total"] == 1 and result["cases"][0]["verdict"] == "PASS", "a campaign without findings says so in its report", str(result)[:300])


def same_again():
    texts = []
    for name in ("one", "two"):
        run("fuzz", "--sim", "--fault", "pong-cut", "--runs", 400, "--seed", 5, "--dir", work / name)
        texts.append({f.name: f.read_bytes() for f in sorted((work / name).rglob("*.wsg"))})
    check(texts[0] == texts[1] and texts[0], "one seed makes one campaign", str(texts)[:500])


def goes_on():
    folder = work / "resumed"
    run("fuzz", "--sim", "--runs", 300, "--seed", 5, "--dir", folder)
    status, said = run("fuzz", "--sim", "--runs", 200, "--dir", folder)
    check(status == 0 and "going on behind session 300" in said
          and "seed 0x5" in said and "sessions 500\n" in (folder / "state").read_text(),
          "a campaign goes on where it stopped", said)
    status, said = run("fuzz", "--sim", "--fault", "pong-cut", "--runs", 10, "--dir", folder)
    check(status == 2 and "another --dir" in said, "not against another testee", said)
    (folder / "state").write_text("wsgauntlet-fuzz 1\nseed what\n")
    status, said = run("fuzz", "--sim", "--runs", 10, "--dir", folder)
    check(status == 2 and "damaged" in said, "a damaged state is told", said)


def manners():
    status, said = run("fuzz", "ws://192.0.2.1/", "--runs", 1, "--dir", work / "away")
    check(status == 2 and "--i-own-this-target" in said, "an address that is not private is left alone", said)
    status, said = run("fuzz", "ws://127.0.0.1:1/", "--runs", 10, "--dir", work / "nobody")
    check(status == 3 and said.count("wsgauntlet fuzz:") == 1, "nobody there: 3 and one line", said)
    status, said = run("fuzz", "--coverage", "--runs", 1, "--dir", work / "nocov")
    check(status == 2 and "--exec" in said, "--coverage needs --exec", said)
    status, said = run("fuzz", "--runs", 1, "--dir", "/dev/null/x")
    check(status == 2 and "cannot make the folder" in said, "a folder that cannot be", said)


def interrupted():
    folder = work / "interrupted"
    child = subprocess.Popen([program, "fuzz", "--dir", folder, "--seed", "5", "--json", work / "interrupted.json"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    child.stdout.readline()  # it has begun
    while not any((folder / "corpus").glob("*.wsg")):
        pass  # and played
    child.send_signal(signal.SIGINT)
    said = child.communicate(timeout=60)[0]
    check(child.returncode == 0 and "interrupted" in said
          and "sessions" in (folder / "state").read_text() and (work / "interrupted.json").exists(),
          "Ctrl-C ends a campaign, and nothing is lost", said)


def coverage():
    server = work / "magic_server"
    built = subprocess.run(["afl-clang-fast", "-O0", "-std=c17", "-D_GNU_SOURCE", "-I", root / "harness", "-o", server,
                            root / "tests/peers/magic_server.c", root / "libwswire.a", "-lz", "-lcrypto", "-lpthread"],
                           capture_output=True, text=True, env={**os.environ, "AFL_QUIET": "1", "AFL_DONT_OPTIMIZE": "1"})
    if not check(built.returncode == 0, "an instrumented server is built", built.stderr):
        return
    words = ["fuzz", "--exec", f"exec {server} {{port}}", "--no-seeds", "--fail-fast", "--seed", 1]
    status, said = run(*words, "--coverage", "--runs", 30000, "--dir", work / "guided")
    played = int(re.findall(r"(\d+) sessions", said)[-1])
    check(status == 1 and "signal 6" in said, f"coverage leads to the planted bug in {played} sessions", said)
    status, said = run(*words, "--runs", played, "--dir", work / "blind")
    check(status == 0, "as many blind ones miss it", said)


if sys.argv[1:] == ["faults"]:
    _, listed = run("echo", "--fault", "list")
    for fault in re.findall(r"^ *([a-z][a-z0-9.-]+) +\S", listed, re.M):
        finds(fault, 7, 60000)
else:
    for fault in FAULTS:
        finds(fault, 7, 20000)
    no_false_findings()
    same_again()
    goes_on()
    manners()
    interrupted()
    coverage()
end("fuzz")
