#!/usr/bin/env python3
"""Plays the conformance suite and the recovery stories against real servers,
over ws and wss, and holds what fails against tests/peers/*.known.

    tests/e2e/peers.py [--all | PEER...] [--board FILE.md]      the quick ones by default, a quarter of wss
A board is a table of what was seen, with the reason of each failure. Ends with `peers: N passed, N failed`.
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import subprocess

from checks import PYTHON, certificate, check, end, own_folder, packages, peers, root, run

SEED = "0x57a1"


@dataclasses.dataclass
class Peer:
    name: str
    title: str
    serve: str             # the command; {port} is added, and a certificate and its key for wss
    package: str           # whose version it is: of Debian, or npm:NAME
    built: str = ""        # by make, below build/peers/
    quick: bool = False    # played in `make test`
    sessions: bool = False # it keeps those of scenarios/recovery/resume-*.wsg
    left_out: tuple = ()   # cases that it cannot be asked; its .known says why


PYTHON_SERVER = f"exec {PYTHON} {peers}"
NODE = f"exec node {peers}"
BUILT = f"exec {root}/build/peers"
JAVA = "exec java -XX:TieredStopAtLevel=1"  # a cold one that compiles looks like a server that hangs
TOMCAT = "/usr/share/tomcat10/lib/*:/usr/share/tomcat10/bin/tomcat-juli.jar"
PEERS = [
    Peer("ws", "ws (Node.js)", f"{NODE}/ws_server.js", "npm:ws", quick=True, sessions=True),
    Peer("websockets", "websockets (Python)", f"{PYTHON_SERVER}/websockets_server.py", "python3-websockets", quick=True,
         sessions=True),
    Peer("libwebsockets", "libwebsockets (C)", f"{BUILT}/libwebsockets", "libwebsockets-dev", "libwebsockets"),
    Peer("beast", "Boost.Beast (C++)", f"{BUILT}/beast", "libboost-dev", "beast"),
    Peer("gorilla", "gorilla/websocket (Go)", f"{BUILT}/gorilla", "golang-github-gorilla-websocket-dev", "gorilla"),
    Peer("jetty", "Jetty (Java)", f"{JAVA} -cp '{root}/build/peers/jetty:/usr/share/java/*' JettyServer",
         "libjetty9-java", "jetty/JettyServer.class"),
    Peer("tomcat", "Tomcat (Java)", f"{JAVA} -cp '{root}/build/peers/tomcat:{TOMCAT}' TomcatServer", "tomcat10-common",
         "tomcat/TomcatServer.class"),
    Peer("tornado", "Tornado (Python)", f"{PYTHON_SERVER}/tornado_server.py", "python3-tornado",
         left_out=("limits/text-fragments/*", "limits/binary-fragments/*")),
    Peer("aiohttp", "aiohttp (Python)", f"{PYTHON_SERVER}/aiohttp_server.py", "python3-aiohttp"),
]


def version(peer):
    if peer.package.startswith("npm:"):
        return json.loads((peers / "package.json").read_text())["dependencies"][peer.package[4:]]
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", peer.package], capture_output=True, text=True)
    return re.sub(r"^\d+:|[-+].*$", "", shown.stdout) or "unknown"


def play(what, arguments, work):
    report = work / (re.sub(r"\W+", "-", what) + ".json")
    done = run(*arguments, "--json", report, "--seed", SEED, "--color", "never")
    try:
        return done, json.loads(report.read_text())
    except (OSError, ValueError):
        return done, None


def played(what, done, result):
    """One check: every case ran, nothing failed but what is known to, and that did."""
    if result is None:
        check(False, what, f"no report; exit {done.returncode}\n{done.stdout}{done.stderr}")
        return
    lines = [line for line in (done.stdout + done.stderr).splitlines()
             if re.match(r"(FAIL|ERROR|FLAKY|stopped early)\b", line) or "no longer fails" in line or "there is no case" in line]
    if done.returncode != 0:
        lines.append(f"exit status {done.returncode}")
    summary = result["summary"]
    check(not lines and summary["total"] > 0,
          f"{what}: {summary['total']} cases, {summary['pass']} pass, {summary['non_strict']} non-strict, "
          f"{summary['known']} known to fail, {summary['fail'] - summary['known']} new, "
          f"{result['duration_ms'] / 1000:.1f} s", lines)


def sent(result):
    """What we sent, as the traces tell it, by case. Times and the port are others each
    time, and so is whether one connection had ended before the next began (its letter)."""
    steps = re.compile(r"^\s*(\w: )?(send|open|drop|reconnect)\b")
    return {c["id"]: [re.sub(r"^\s*(\w: )?|  # .*$|(?<=Host: 127\.0\.0\.1:)\d+", "", line)
                      for line in c["trace"].splitlines() if steps.match(line)] for c in result["cases"]}


def stories(peer, scheme, where, work):
    # How soon a fleet is back is told of the machine as much as of the server.
    arguments = ["run", root / "scenarios/recovery", *where, "--trace", "--exclude", "fleet-*"]
    if not peer.sessions:
        arguments += ["--exclude", "resume-*"]
    done, result = play(f"{peer.name} {scheme} recovery", arguments, work)
    played(f"{peer.name} over {scheme}: recovery", done, result)
    _, again = play(f"{peer.name} {scheme} again", arguments, work)
    if result and again:
        first, second = sent(result), sent(again)
        check(first == second, f"{peer.name} over {scheme}: the same seed sends the same again",
              [f"{i}\n  {first[i]}\n  {second[i]}" for i in first if first[i] != second.get(i)])


def visit(peer, files, work, quick):
    """The peer, its version, and the result of the suite over ws: a row of the board."""
    known = ["--baseline", str(peers / f"{peer.name}.known")]
    for scheme in "ws", "wss":
        where = ["--exec", peer.serve + " {port}"]
        if scheme == "wss":
            where = ["--exec", " ".join([peer.serve, "{port}", *files]), "--tls", "--ca", files[0]]
        part = [word for glob in ("sizes/*", *peer.left_out) for word in ("--exclude", glob)]  # autobahn.py has the sizes
        part += ["--shard", "1/4"] if quick and scheme == "wss" else []
        done, result = play(f"{peer.name} {scheme} suite", ["test", *part, *where, *known], work)
        played(f"{peer.name} over {scheme}: the suite", done, result)
        if scheme == "ws":
            row = peer, version(peer), result
        stories(peer, scheme, where, work)
    return row


def is_ready(peer):
    """It is there, or can be made."""
    if peer.package.startswith("npm:"):
        packages()
    if not peer.built:
        return True
    made = subprocess.run(["make", "-s", f"build/peers/{peer.built}"], cwd=root, capture_output=True, text=True)
    return made.returncode == 0 or check(False, f"{peer.name} is built", made.stderr + "\n`make peers` installs what it needs")


# --- the board ---

def families(ids):
    """`a/b/1`, `a/b/2` as one."""
    counts = {}
    for i in ids:
        family = i.rsplit("/", 1)[0] + "/*" if i.count("/") > 1 else i
        counts.setdefault(family, []).append(i)
    return ", ".join(f"`{f}` ({len(same)})" if len(same) > 1 else f"`{same[0]}`" for f, same in counts.items())


def board(rows, path):
    """Markdown: the servers side by side, then what each of them fails, and why."""
    lines = ["# Servers side by side", "",
             "The conformance suite against real servers over ws, each with a small echo program in `tests/peers/`.",
             "A failure is a MUST that the text puts on the server; each has been looked at, and its reason is a row of",
             "`tests/peers/NAME.known`. Written by `make board`, with Debian's packages and npm's in the versions named.",
             "",
             f"One run with the seed {SEED}, two servers at a time on {os.cpu_count()} cores, eight cases at a time each;",
             "without `sizes/*`" + "".join(f", and for {p.title} without " + ", ".join(f"`{g}`" for g in p.left_out)
                                          for p, _, _ in rows if p.left_out) + ". Seconds are to be compared with each other.",
             "", "| server | version | cases | pass | non-strict | info | unimplemented | fail | seconds |",
             "|---|---|--:|--:|--:|--:|--:|--:|--:|"]
    for peer, which, result in rows:
        s = result["summary"]
        lines.append(f"| [{peer.title}](#{peer.name}) | {which} | {s['total']} | {s['pass']} | {s['non_strict']} | {s['info']} | "
                     f"{s['unimplemented']} | {s['fail']} | {result['duration_ms'] / 1000:.1f} |")
    for peer, which, result in rows:
        reasons = {}
        for case in result["cases"]:
            if case["verdict"] == "FAIL":
                reasons.setdefault(case.get("known") or "not reviewed: " + case["detail"], []).append(case["id"])
        lines += ["", f"## {peer.name}", "", "| why it fails | cases |", "|---|---|"]
        lines += [f"| {why.replace('|', chr(92) + '|')} | {families(ids)} |" for why, ids in reasons.items()]
    path.write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("peers", nargs="*", metavar="PEER", help=", ".join(p.name for p in PEERS))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--board", type=pathlib.Path, metavar="FILE.md")
    arguments = parser.parse_args()
    strangers = set(arguments.peers) - {p.name for p in PEERS}
    if strangers:
        parser.error(f"no such peer: {', '.join(strangers)}")
    wanted = [p for p in PEERS if arguments.all or (p.name in arguments.peers if arguments.peers else p.quick)]
    wanted = [p for p in wanted if is_ready(p)]
    work = own_folder("peers")
    files = certificate(work)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:  # most of the time is waiting
        rows = [visited.result() for visited in
                [pool.submit(visit, peer, files, work, not arguments.all) for peer in wanted]]
    if arguments.board:
        board([row for row in rows if row[2] is not None], arguments.board)
    end("peers")


main()
