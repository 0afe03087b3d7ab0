#!/usr/bin/env python3
"""Live fuzzing as a person does it: what it finds, what it must not find, that a
campaign goes on where it stopped, and that coverage leads where chance does not.

    tests/e2e/fuzz.py                   what `make test` runs
    tests/e2e/fuzz.py defects [TIME [DEFECT...]]    a table: which defects of the built-in peer are found, each within
            that time (5m), in eight moves at most, by a scenario that tells that peer from a right one
Ends with `fuzz: N passed, N failed`.
"""
import concurrent.futures
import json
import math
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

from checks import check, end, own_folder, packages, peers, program, root
from checks import run as run_program

work = own_folder("fuzz")
MOVES_MOST = 8
# One of each section; the whole list is for `fuzz.py defects`.
FAULTS = ["accept-key-wrong", "version-any", "length-not-minimal", "rsv-unchecked", "unmasked-accepted",
          "interleaving-accepted", "pong-cut", "utf8-unchecked", "close-reason-unchecked", "deflate-takeover-kept",
          "allow-unsaid", "close-private-refused", "connection-first-line", "rsv-set", "mask-key-kept",
          "deflate-broken-by-ping"]

def run(*words, **more):
    done = run_program(*words, **more)
    return done.returncode, done.stdout + done.stderr


def hunt(fault, *until):
    """A campaign without the suite's cases, until the first finding. What is only advised against counts, too. Is the
    defect found: are the findings small, do they fail on the peer with it, does a correct one pass them?"""
    folder = work / fault
    status, said = run("fuzz", "--sim", "--fault", fault, "--no-seeds", "--profile", "strict", "--fail-fast", *until,
                       "--dir", folder, "--seed", 7)
    moves = [int(n) for n in re.findall(r"^FINDING (?:.*\n      )*after .*, (\d+) moves?: ", said, re.M)]
    mistaken = "the reference peer fails it too" in said
    if status != 1 or mistaken or not moves or max(moves) > MOVES_MOST:
        return False, moves, said
    with_it, said_with = run("run", "--sim", "--fault", fault, "--profile", "strict", "--timeout", "1s", folder / "findings")
    without, said_without = run("run", "--sim", "--profile", "strict", folder / "findings")
    lint, said_lint = run("lint", folder / "findings")
    return (with_it, without) == (1, 0) and lint != 2, moves, said + said_with + said_without + said_lint


def finds(fault):
    found, moves, said = hunt(fault, "--runs", 20000)
    check(found, f"finds {fault}: {max(moves, default=0)} moves at most", said)


def no_false_findings():
    status, said = run("fuzz", "--sim", "--runs", 2500, "--dir", work / "correct", "--seed", 11,
                       "--json", work / "correct.json")
    check(status == 0 and "DOUBT" not in said and "could not" not in said and "note:" not in said, "nothing is found in the correct peer", said)
    result = json.loads((work / "correct.json").read_text())
    check(result["summary"]["total"] == 1 and result["cases"][0]["verdict"] == "PASS", "a campaign without findings says so in its report", str(result)[:300])


def all_are_played():
    """What the oracle writes can be played, whatever the testee does: the first seed had a session that could not."""
    for seed in (0x4bf8bd8a, 101, 102, 103):
        _, said = run("fuzz", "--sim", "--fault", "pong-cut", "--runs", 300, "--seed", seed, "--dir", work / f"played{seed}")
        check("could not be played" not in said and "DOUBT" not in said, f"seed {seed:#x}: all sessions are played", said)


def told_to_play_again():
    """The line can be given to a shell; a finding has its name from what it is, not from the folder it lies in."""
    names = []
    for folder in (work / "sp ace", work / "it's"):
        sarif, junit = work / "told.sarif", work / "told.xml"
        _, said = run("fuzz", "--sim", "--fault", "pong-cut", "--fail-fast", "--seed", 7, "--dir", folder,
                      "--report", f"sarif={sarif},junit={junit}")
        found = next((folder / "findings").glob("*.wsg"))
        replay = re.findall(r"^      replay: wsgauntlet (.*)", said, re.M)[0]
        header = re.findall(r"^# (\S+): (.*)", found.read_text(), re.M)
        check(("replay", f"wsgauntlet {replay}") in header and re.search(r"^# seed: 0x7, session \d+, ", found.read_text(), re.M),
              "a finding says which session it was, and how it is played again", found.read_text())
        again = subprocess.run(f"{program} {replay}", shell=True, capture_output=True, text=True)
        check(again.returncode == 1 and found.stem in again.stdout, f"the line plays it: {replay}", again.stdout + again.stderr)
        told = json.loads(sarif.read_text())["runs"][0]
        case = xml.etree.ElementTree.parse(junit).find(".//testcase")
        rule, result = told["tool"]["driver"]["rules"][0], told["results"][0]
        check(rule == {"id": result["ruleId"], "shortDescription": {"text": "pong -> pong"}}
              and case.find("failure").get("message").startswith("pong -> pong: ") and result["message"]["text"].startswith("pong -> pong: "),
              "SARIF and JUnit tell the signature", str(told) + junit.read_text())
        names.append((case.get("name"), result["ruleId"], str(result["partialFingerprints"])))
    check(names[0] == names[1] and names[0][0] == found.stem, "another folder makes it no other finding", str(names))


def same_again():
    texts = []
    for name in ("one", "two"):
        run("fuzz", "--sim", "--fault", "pong-cut", "--runs", 400, "--seed", 5, "--dir", work / name)
        texts.append({f.name: f.read_text().replace(str(work / name), "") for f in sorted((work / name).rglob("*.wsg"))})
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
    check(status == 3 and "cannot make the folder" in said, "a folder that cannot be", said)


def unsaved():
    """A disk that takes nothing: a limit of no bytes to a file is as good, and needs no disk."""
    for fault, found in (([], 0), (["--fault", "pong-cut"], 1)):
        status, said = run("fuzz", "--sim", *fault, "--runs", 5000, "--seed", 5, "--dir", work / "unsaved",
                           restore_signals=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
        check(status == 3 and said.count("wsgauntlet fuzz: cannot write") == 1 and said.count("FINDING  ") == found
              and " 5000 sessions" not in said and not list((work / "unsaved").rglob("*.wsg")),
              f"nothing can be saved, {found} found: it ends early, with 3 and one line", said)


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


def build_server(name, *command):
    """tests/peers/magic_server.c, which has planted bugs."""
    server = work / name
    parts = ["-std=c17", "-D_GNU_SOURCE", "-I", root / "harness", "-o", server, root / "tests/peers/magic_server.c",
             root / "libwswire.a", "-lz", "-lcrypto", "-lpthread"]
    built = subprocess.run([*command, *parts], capture_output=True, text=True,
                           env={**os.environ, "AFL_QUIET": "1", "AFL_DONT_OPTIMIZE": "1"})
    check(built.returncode == 0, f"{name} is built", built.stderr)
    return server


def coverage():
    """With our own small run-time, what chance does not find is found; AFL++'s tells of as many ways, and is enough to
    be looked at for a moment."""
    guard = work / "guard.o"
    subprocess.run(["clang", "-std=c17", "-O1", "-c", "-o", guard, root / "fuzz/guard.c"], check=True)
    server = build_server("guard_server", "clang", "-O0", "-fsanitize-coverage=trace-pc-guard", guard)
    words = ["fuzz", "--exec", f"exec {server} {{port}}", "--no-seeds", "--fail-fast", "--seed", 17]
    began = time.monotonic()
    status, said = run(*words, "--coverage", "--runs", 30000, "--dir", work / "guided")
    spent = math.ceil(time.monotonic() - began)
    played = int(re.findall(r"(\d+) sessions", said)[-1])
    check(status == 1 and "signal 6" in said, f"coverage leads to the planted bug in {played} sessions", said)
    status, said = run(*words, "--time", f"{spent}s", "--dir", work / "blind")
    blind = int(re.findall(r"(\d+) sessions", said)[-1])
    if status == 0 and blind < played:  # it goes on
        status, said = run(*words, "--runs", played - blind, "--dir", work / "blind")
    check(status == 0, f"as many blind ones in no less time miss it: {max(played, blind)}, {spent} s at least", said)
    server = build_server("afl_server", "afl-clang-fast", "-O0")
    status, said = run("fuzz", "--exec", f"exec {server} {{port}}", "--no-seeds", "--coverage", "--runs", 200, "--seed", 1,
                       "--dir", work / "afl")
    edges, kept = int(re.findall(r"(\d+) edges", said)[-1]), len(list((work / "afl/corpus").glob("*.wsg")))
    check(status == 0 and edges >= 40 and kept >= 5, f"AFL++'s run-time tells of {edges} edges: {kept} sessions are kept", said)


def grows():
    """A server that keeps a descriptor for each large ping: which session does it, over and over."""
    server = build_server("keeping_server", "cc", "-O1")
    command, folder = f"exec {server} {{port}} descriptors", work / "grows"
    status, said = run("fuzz", "--exec", command, "--no-seeds", "--fail-fast", "--runs", 4000, "--seed", 1, "--dir", folder)
    found = list((folder / "findings").glob("descriptors-grow*"))
    check(status == 1 and found and "2 moves" in said, "descriptors that are kept are found, in two moves", said)
    for bug, due in (("descriptors", 1), ("magic", 0)):
        status, said = run("run", "--exec", f"exec {server} {{port}} {bug}", *found)
        check(status == due, f"that scenario {'fails' if due else 'passes'} on a server with the bug {bug}", said)
    story = work / "keeps.wsg"
    story.write_text("""scenario "memory"
  testee server
  needs exec
  testee weigh
  repeat 256
    open
    send binary fill(1 x 100)
    expect echo
    drop reset
  end
  expect testee memory grows < 8MiB
""")
    for bug, due in (("memory", 1), ("magic", 0)):
        status, said = run("run", "--timeout", "1s", "--exec", f"exec {server} {{port}} {bug}", story)
        check(status == due, f"memory {'grows' if due else 'does not grow'} with the bug {bug}", said)


def limits():
    """A server with a limit on messages: kept to it is right; larger, smaller and untold are found."""
    for name, server, due in (("right", "2KiB", None), ("larger", "4KiB", "message-too-big -> "),
                              ("smaller", "1KiB", "echo -> "), ("unsaid", "2KiB --fault limit-unsaid", "message-too-big -> nothing")):
        command, folder = f"exec {program} echo --deflate --port {{port}} --max-message {server}", work / f"limit-{name}"
        words = ["--no-seeds", "--fail-fast", "--timeout", "300ms", "--max-message", "2KiB", "--seed", 1, "--dir", folder]
        status, said = run("fuzz", "--exec", command, *words, "--runs", 1500)
        check(status == (due is not None) and "DOUBT" not in said and (due is None or f"FINDING  {due}" in said),
              f"a limit of 2 KiB, {name}", said)
    for words in (["--sim", "--max-message", "2KiB"], ["--exec", "x {port}", "--max-message", "1MiB"]):
        status, said = run("fuzz", *words, "--runs", 1, "--dir", work / "limit-words")
        check(status == 2 and "--max-message" in said, f"{words[0]}: no use for that limit", said)


def slow():
    """A server that compares bytes with each other: what takes long in it and not with other bytes of the same number."""
    server = build_server("slow_server", "cc", "-O1")
    command, folder = f"exec {server} {{port}} slow", work / "slow"
    status, said = run("fuzz", "--exec", command, "--no-seeds", "--fail-fast", "--runs", 6000, "--timeout", "30s", "--seed", 1,
                       "--dir", folder)
    found = list((folder / "findings").glob("slow-*"))
    check(status == 1 and "FINDING  slow: echo" in said and len(found) == 1, "a slow answer is found", said)
    status, said = run("run", "--exec", command, *found)
    check(status == 1, "that scenario fails on the slow server", said)
    tries = (run("run", "--exec", f"exec {server} {{port}} magic", *found) for _ in range(5)) # the machine may be busy
    check(any(status == 0 for status, _ in tries), "it passes on the same server without the bug")
    status, said = run("run", "--sim", *found)
    check(status == 0, "it passes on the reference peer", said)
    packages()
    _, said = run("fuzz", "--exec", f"exec node {peers}/ws_server.js {{port}}", "--no-seeds", "--time", "4s", "--seed", 1,
                  "--dir", work / "quick")
    check("sessions" in said and "  slow: " not in said, "npm ws answers in time", said)


def own_seeds():
    story, folder = work / "own.wsg", work / "own"
    story.write_text('scenario "x"\n  open\n  send text "a word that nobody generates"\n  expect echo\n')
    status, said = run("fuzz", "--sim", "--no-seeds", "--seeds", story, "--runs", 400, "--seed", 3, "--dir", folder)
    used = any("nobody generates" in f.read_text() for f in (folder / "corpus").glob("*.wsg"))
    check(status == 0 and used, "a campaign begins with the scenarios that it is given", said)
    story.write_text('scenario "x"\n  open\n  sned text "a"\n')
    status, said = run("fuzz", "--sim", "--seeds", story, "--runs", 1, "--dir", work / "broken")
    check(status == 2 and "did you mean 'send'" in said, "a broken one is told", said)
    shipped = root / "corpus/session"
    status, said = run("fuzz", "--sim", "--no-seeds", "--seeds", shipped, "--runs", 20, "--seed", 3, "--dir", work / "shipped")
    counts = [int(n) for n in re.findall(r"session: (\d+) of (\d+) cases are sessions .*; (\d+) other files", said)[0]]
    check(status == 0 and counts[0] > 50 and counts[1] + counts[2] >= len(list(shipped.iterdir())),
          f"the shipped corpus will do: {counts[0]} sessions", said)
    (work / "none").mkdir()
    (work / "none/letter").write_text("no scenario\n")
    status, said = run("fuzz", "--sim", "--seeds", work / "none", "--runs", 1, "--dir", work / "letter")
    check(status == 2 and "no scenario here" in said, "a folder without any is told", said)


def defects(most, wanted):
    """Every defect of the built-in peer, or those that are named, as a table; two are hunted at once."""
    def row(fault):
        found, moves, said = hunt(fault, "--time", most)
        shutil.rmtree(work / fault, ignore_errors=True)
        sessions = re.findall(r"  (\d+) sessions", said)
        spent = re.findall(r"^      after (\S+ \S+),", said, re.M)
        signature = re.findall(r"^FINDING  (.*)", said, re.M)
        what = signature[0] if found and signature else "missed" if not moves else "not shown: " + "; ".join(signature)
        return fault, found, sessions[-1] if sessions else "0", spent[0] if spent else "-", max(moves, default=0), what
    _, listed = run("echo", "--fault", "list")
    faults = wanted or re.findall(r"^ *([a-z0-9][a-z0-9.-]+) +\S", listed, re.M)
    found_count = 0
    print(f"{'defect':30}  {'sessions':>8}  {'after':>8}  moves  by")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for fault, found, sessions, spent, moves, what in pool.map(row, faults):
            found_count += found
            print(f"{fault:30}  {sessions:>8}  {spent:>8}  {moves or '-':>5}  {what}", flush=True)
    print(f"{found_count} of {len(faults)} defects found ({100 * found_count / len(faults):.1f} %): within {most}, in at most "
          f"{MOVES_MOST} moves, by a scenario that fails on that peer and passes on a correct one")


if sys.argv[1:2] == ["defects"]:
    defects(sys.argv[2] if len(sys.argv) > 2 else "5m", sys.argv[3:])
    sys.exit(0)
for fault in FAULTS:
    finds(fault)
no_false_findings()
all_are_played()
told_to_play_again()
same_again()
goes_on()
manners()
unsaved()
interrupted()
own_seeds()
grows()
limits()
slow()
coverage()
end("fuzz")
