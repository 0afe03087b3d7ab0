#!/usr/bin/env python3
"""Plays the conformance suite and the recovery stories against real servers,
over ws and wss, and holds what fails against tests/peers/*.known.

    tests/e2e/peers.py [PEER...]        all by default
Ends with `peers: N passed, N failed`.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent.parent
peers = root / "tests/peers"
program = root / "wsgauntlet"
SEED = "0x57a1"

# name: the command that serves {port}; a certificate and its key follow for wss
PEERS = {
    "ws": f"exec node {peers}/ws_server.js {{port}}",
    "websockets": f"exec /usr/bin/python3 {peers}/websockets_server.py {{port}}",
}
passed = failed = 0


def check(ok, what, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(f"{'ok  ' if ok else 'FAIL'} {what}")
    if not ok and detail:
        print("     " + detail.rstrip().replace("\n", "\n     "))


def known(name):
    """The reviewed failures of a peer: id, and whether it always fails (`?`: with some versions of what is under it)."""
    lines = (peers / f"{name}.known").read_text().splitlines()
    ids = [line.split("\t")[0] for line in lines if line and not line.startswith("#")]
    return {i.lstrip("?"): not i.startswith("?") for i in ids}


def play(what, arguments, into):
    report = into / (re.sub(r"\W+", "-", what) + ".json")
    run = subprocess.run([program, *arguments, "--json", report, "--seed", SEED, "--color", "never"],
                         capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    try:
        return run, json.loads(report.read_text())
    except (OSError, ValueError):
        return run, None


def played(what, run, result, allowed):
    """One check: every case ran, and exactly the known ones failed."""
    if result is None:
        check(False, what, f"no report; exit {run.returncode}\n{run.stdout}{run.stderr}")
        return
    bad = {c["id"]: c for c in result["cases"] if c["verdict"] in ("FAIL", "ERROR")}
    lines = [f"{c['verdict']} {i}: expected {c['expected']}; seen {c['seen']}" for i, c in bad.items() if i not in allowed]
    lines += [f"{i} is known to fail and does not" for i, always in allowed.items() if always and i not in bad]
    if run.returncode != (1 if bad else 0):
        lines.append(f"exit status {run.returncode}")
    summary = result["summary"]
    check(not lines and summary["total"] > 0,
          f"{what}: {summary['total']} cases, {summary['pass']} pass, {len(bad)} known to fail, {result['duration_ms']:.0f} ms",
          "\n".join(lines))


def sent(result):
    """What we sent, as the traces tell it, by case. Times and the port are others each
    time, and so is whether one connection had ended before the next began (its letter)."""
    steps = re.compile(r"^\s*(\w: )?(send|open|drop|reconnect)\b")
    return {c["id"]: [re.sub(r"^\s*(\w: )?|  # .*$|(?<=Host: 127\.0\.0\.1:)\d+", "", line)
                      for line in c["trace"].splitlines() if steps.match(line)] for c in result["cases"]}


def main(names):
    program.exists() or sys.exit("wsgauntlet is not built: run make first")
    if not (peers / "node_modules/ws").exists():
        install = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=peers, capture_output=True, text=True)
        if install.returncode != 0:
            check(False, "npm ci in tests/peers", install.stderr)
            names = [name for name in names if name != "ws"]
    work = pathlib.Path(tempfile.mkdtemp(prefix="wsgauntlet-peers-"))
    try:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", work / "key.pem", "-out", work / "cert.pem"], check=True, capture_output=True)
        for name in names:
            for scheme in "ws", "wss":
                command = PEERS[name]
                where = ["--exec", command]
                if scheme == "wss":
                    where = ["--exec", f"{command} {work}/cert.pem {work}/key.pem", "--tls", "--ca", str(work / "cert.pem")]
                run, result = play(f"{name} {scheme} suite", ["test", "--exclude", "sizes/*", *where], work)  # autobahn.py
                played(f"{name} over {scheme}: the suite", run, result, known(name))
                run, result = play(f"{name} {scheme} recovery", ["run", root / "scenarios/recovery", *where, "--trace"], work)
                played(f"{name} over {scheme}: recovery", run, result, {})
                again_run, again = play(f"{name} {scheme} again", ["run", root / "scenarios/recovery", *where, "--trace"], work)
                if result and again:
                    first, second = sent(result), sent(again)
                    check(first == second, f"{name} over {scheme}: the same seed sends the same again",
                          "\n".join(f"{i}\n  {first[i]}\n  {second[i]}" for i in first if first[i] != second.get(i)))
    finally:
        shutil.rmtree(work)
    print(f"peers: {passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(PEERS)))
