#!/usr/bin/env python3
"""Servers that do what no server should (tests/peers/hostile_server.py): whatever
they do, the program ends by itself with the right status, a sentence, a whole
report, and less than 64 MiB of memory.

    tests/e2e/hostile.py [MODE...]      all by default
Ends with `hostile: N passed, N failed`.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

from checks import certificate, check, end, own_folder, peers, program, root

server = [sys.executable, str(peers / "hostile_server.py")]
MEMORY = 64 << 20
PATIENCE_S = 60  # a net under tests that hang; none should come near
SELECTION = [word for glob in ("handshake/accept-key", "echo/*", "ping/[ap]*", "close/e*", "deflate/echo", "fragmentation/m*")
             for word in ("--case", glob)]

# Everything is over ws but these; those behind a handshake of TLS need a certificate.
WSS = {"tls-garbage", "tls-endless-record", "tls-alerts", "plain-on-wss", "tls-then-garbage", "tls-floods"}
CERTIFIED = {"tls-on-ws", "tls-then-garbage", "tls-floods"}
# These end or hang their process: the program starts them, and names what became of them.
MORTAL = {
    "exits": "exit status 3", "exits-0": "exit status 0", "segfaults": "signal 11", "aborts": "signal 6",
    "babbles-and-dies": "exit status 4", "hangs": None, "stops-listening": None,
}
# Correct but for their manners: a case may well pass.
BEARABLE = {"byte-by-byte", "echo-and-flood", "bomb", "bomb-endless"}


def run(arguments, work):
    """Exit status, peak memory of the program alone, what it said, its report."""
    report, said = work / "report.json", work / "said"
    report.unlink(missing_ok=True)
    with open(said, "wb") as out:
        child = subprocess.Popen([program, *arguments, "--json", report, "--timeout", "300ms", "--seed", "1"],
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        net = threading.Timer(PATIENCE_S, child.kill)
        net.start()
        _, status, usage = os.wait4(child.pid, 0)
        net.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
    try:
        result = json.loads(report.read_text())
    except (OSError, ValueError) as trouble:
        result = trouble
    return child.returncode, usage.ru_maxrss * 1024, said.read_text("utf-8", "replace"), result


def judge(mode, status, memory, said, result):
    troubles = []
    if status not in ((0, 1, 3) if mode in BEARABLE else (1, 3)):
        troubles.append(f"exit status {status}")
    if memory >= MEMORY and mode not in MORTAL:
        troubles.append(f"{memory >> 20} MiB of memory")
    if isinstance(result, Exception):
        troubles.append(f"no report: {result}")
    elif status != 3 and len(result["cases"]) != result["planned"]:
        troubles.append(f"{len(result['cases'])} of {result['planned']} cases in the report")
    elif any(c["verdict"] in ("FAIL", "ERROR") and not (c["seen"] or c["detail"]) for c in result["cases"]):
        troubles.append("a case fails without a word")
    if status != 0 and "FAIL" not in said and "ERROR" not in said and "wsgauntlet" not in said:
        troubles.append("not a word about it")
    if any(ord(c) < 32 and c != "\n" for c in said):
        troubles.append("control characters in the output")
    if MORTAL.get(mode) and MORTAL[mode] not in said:
        troubles.append(f"nothing of {MORTAL[mode]!r}")
    if troubles:
        troubles.append("it said: " + said[-600:])
    return troubles


def play(mode, what, arguments, folder):
    work = pathlib.Path(tempfile.mkdtemp(dir=folder))
    scheme = "wss" if mode in WSS else "ws"
    words = [*server, mode, "0", *(files if mode in CERTIFIED else [])]
    listening = None
    try:
        if mode in MORTAL:
            where = ["--exec", " ".join(["exec", *server, mode, "{port}"])]
        else:
            listening = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            port = listening.stdout.readline().split()[1]
            where = [f"{scheme}://127.0.0.1:{port}/"]
            if arguments[0] == "run":
                where.insert(0, "--url")
        trust = ["--insecure"] if scheme == "wss" else []
        status, memory, said, result = run([*arguments, *where, *trust], work)
        troubles = judge(mode, status, memory, said, result)
        check(not troubles, f"{mode}: {what}: exit {status}, {memory >> 20} MiB", troubles)
    finally:
        if listening is not None:
            listening.kill()
            listening.wait()
            listening.stdout.close()


work = own_folder("hostile")
files = certificate(work)
stories = [str(root / "scenarios/recovery" / name) for name in ("drop-twice.wsg", "slow-line.wsg")]
modes = sys.argv[1:] or subprocess.run([*server, "list"], capture_output=True, text=True, check=True).stdout.split()
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    jobs = []
    for mode in modes:
        jobs.append(pool.submit(play, mode, "cases", ["test", *SELECTION], work))
        if mode not in MORTAL:  # they live longer than a story
            jobs.append(pool.submit(play, mode, "stories", ["run", *stories], work))
    for job in jobs:
        job.result()
end("hostile")
