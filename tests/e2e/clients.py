#!/usr/bin/env python3
"""Real clients against `wsgauntlet serve`: each is taken through the cases by its driver, and what fails is held
against tests/peers/*_client.known. Then the serving itself: several clients at once, bad requests, Autobahn's spec
file, results on disk while it runs.

    tests/e2e/clients.py [--all] [CLIENT...]      without --all the cases that take long are left out
Ends with `clients: N passed, N failed`.
"""
import argparse
import base64
import concurrent.futures
import json
import os
import re
import shutil
import signal
import socket
import subprocess

from checks import check, end, own_folder, packages, peers, program, run

QUICK = ["--section", "handshake", "--section", "rfc6455/client", "--section", "rfc7692/client", "--section",
         "rfc6455/client-limits", "--section", "rfc7692/client-offers", "--section",
         "rfc6455/close", "--section", "rfc6455/ping", "--section", "rfc6455/utf8"]
# What a driver that follows hints is there for; the rest is played with the plain one.
HINTED = [part for glob in ("client-url/*", "client-proxy/*", "client-opening/*", "client-limits/*", "client-offers/*",
                            "client-close/begins") for part in ("--case", glob)]
# The commands for --exec, and what the client cannot be shown.
CLIENTS = {
    "ws": f"exec node {peers}/ws_driver.js {{url}} {{agent}}",
    "undici": f"exec node {peers}/undici_driver.js {{url}} {{agent}}",
    "websockets": f"exec /usr/bin/python3 {peers}/websockets_driver.py {{url}} {{agent}}",
    "ws_hints": f"exec node {peers}/ws_hints_driver.js {{url}} {{agent}}",
    "websockets_hints": f"exec /usr/bin/python3 {peers}/websockets_hints_driver.py {{url}} {{agent}}",
    "chromium": f"exec {peers}/chromium_driver.sh {{host}} {{port}} {{agent}}",
}

def node_is_old():
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    numbers = [int(n) for n in re.findall(r"\d+", version)] or [0]
    return numbers < [20, 18, 1]


def play(name, command, every, folder):
    report = folder / f"{name}.json"
    cases = HINTED if name.endswith("_hints") else [] if every else QUICK
    done = run("serve", *cases, "--exec", command, "--agent", name, "--json", report,
               "--baseline", peers / f"{name}_client.known")
    check(done.returncode == 0, f"{name}: what fails is known", done.stdout + done.stderr)
    check("no longer fails" not in done.stdout, f"{name}: what is known fails", done.stdout)
    if not report.exists():
        return
    result = json.loads(report.read_text())
    check(len(result["cases"]) == result["planned"], f"{name}: every case was played",
          f"{len(result['cases'])} of {result['planned']}")
    errors = [c["id"] for c in result["cases"] if c["verdict"] == "ERROR"]
    check(not errors, f"{name}: no trouble of ours", str(errors))


# ---- the serving ----

class Serving:
    """A serving under way; its port is in its first line."""
    def __init__(self, *arguments):
        self.process = subprocess.Popen([program, "serve", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        self.first = self.process.stdout.readline()
        self.port = int(re.search(r"://127\.0\.0\.1:(\d+)", self.first).group(1))

    def end(self):
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, self.first + out, err

    def ask(self, text, upgrade=True):
        """The head of the answer to a request line, and the bytes behind it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as s:
            key = base64.b64encode(os.urandom(16)).decode()
            lines = [text, "Host: 127.0.0.1"]
            if upgrade:
                lines += ["Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
                          "Sec-WebSocket-Version: 13"]
            s.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
            data = b""
            while True:
                try:
                    more = s.recv(65536)
                except ConnectionResetError:
                    break
                data += more
                if not more or (upgrade and b"\x88\x00" in data):
                    break
        head, _, body = data.partition(b"\r\n\r\n")
        return head.decode("latin-1"), body

    def client(self, *arguments):
        return subprocess.Popen([program, "echo", "--connect", f"ws://127.0.0.1:{self.port}", *arguments],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


BAD = [
    ("GET /runCase HTTP/1.1", 400, "case=N"),
    ("GET /runCase?case=1 HTTP/1.1", 400, "agent"),
    ("GET /runCase?case=1&agent= HTTP/1.1", 400, "agent"),
    ("GET /runCase?case=1&agent=a&agent=b HTTP/1.1", 400, "twice"),
    ("GET /runCase?case=0&agent=a HTTP/1.1", 400, "from 1 to"),
    ("GET /runCase?case=99999999999999999999&agent=a HTTP/1.1", 400, "from 1 to"),
    ("GET /runCase?case=x&agent=a HTTP/1.1", 400, "from 1 to"),
    ("GET /runCase?casetuple=99.1&agent=a HTTP/1.1", 400, "99.1"),
    ("GET /runCase?case=1&agent=%ff HTTP/1.1", 400, "text"),
    ("GET /runCase?case=1&agent=%0a HTTP/1.1", 400, "text"),
    ("GET /runCase?case=1&agent=%4 HTTP/1.1", 400, "text"),
    ("GET /runCase?case=1&agent=" + "x" * 300 + " HTTP/1.1", 400, "text"),
    ("GET /getCaseStatus?case=1 HTTP/1.1", 400, "agent"),
    ("GET /getCaseInfo HTTP/1.1", 400, "case"),
    ("GET /getCaseHint?case=1&agent=a HTTP/1.1", 400, "no hint"),
    ("GET /tellCase?case=1&agent=a&outcome=maybe HTTP/1.1", 400, "opened or failed"),
    ("GET /nothing HTTP/1.1", 404, "/getCaseCount"),
    ("GET / HTTP/1.1", 404, "/getCaseCount"),
    ("\x16\x03\x01\x02", 400, "TLS"),
]


def protocol(folder):
    report = folder / "several.json"
    serving = Serving("--case", "echo/*", "--case", "ping/*", "--case", "client-masking/fresh", "--json", report)
    for line, status, word in BAD:
        head, body = serving.ask(line)
        check(head.startswith(f"HTTP/1.1 {status} ") and word in body.decode("latin-1"), f"{line[:40]!r} is refused",
              f"{head[:60]!r} {body[:200]!r}")
    head, body = serving.ask("GET /runCase?case=1&agent=a HTTP/1.1", upgrade=False)
    check(head.startswith("HTTP/1.1 426 "), "a plain GET of a case", head)
    head, body = serving.ask("GET / HTTP/1.1", upgrade=False)
    check(head.startswith("HTTP/1.1 200 ") and b"new WebSocket" in body, "a browser gets the page", head)
    head, body = serving.ask("GET /getCaseInfo?casetuple=2.1 HTTP/1.1")
    check(b'{"id": "ping/answered", "description": ' in body, "the info of a case by Autobahn's id", repr(body))
    # Several clients at once, one of them with a defect; each has results of its own.
    clients = [serving.client("-j", "4", "--agent", f"client {i}", *(["--fault", "mask-constant"] if i == 3 else []))
               for i in range(4)]
    said = [c.communicate(timeout=120) for c in clients]
    check(all(c.returncode == 0 for c in clients), "four clients at once", str(said))
    check(report.exists() and len(json.loads(report.read_text())["runs"]) == 4, "results are there while it serves")
    head, body = serving.ask("GET /getCaseStatus?casetuple=client-masking/fresh&agent=client+3 HTTP/1.1")
    check(b'{"behavior": "FAILED"}' in body, "the status of a case that failed", repr(body))
    status, out, err = serving.end()
    check(status == 1 and "client 3: client-masking/fresh" in out, "the client with the defect is named", out + err)
    check(out.count("in error") == 0 and "Traceback" not in err, "bad requests leave nothing behind", out)


def spec(folder):
    file = folder / "fuzzingserver.json"
    file.write_text(json.dumps({
        "url": "ws://127.0.0.1:9001", "outdir": str(folder / "reports"), "cases": ["1.1.*", "2.*", "7.1.1"],
        "exclude-cases": ["2.1*"], "exclude-agent-cases": {"my*": ["1.1.1"]}}))
    serving = Serving("--spec", file, "--port", "0")
    client = serving.client("--agent", "my client")
    client.communicate(timeout=60)
    status, out, err = serving.end()
    index = folder / "reports/index.json"
    results = json.loads(index.read_text()) if index.exists() else {}
    aliases = sorted(results.get("my client", {}), key=lambda alias: [int(n) for n in alias.split(".")])
    want = [f"1.1.{n}" for n in range(2, 9)] + [f"2.{n}" for n in range(2, 10)] + ["7.1.1"]
    check(status == 0 and aliases == want, "Autobahn's spec file: cases, exclusions, order", f"{aliases} {out} {err}")
    file.write_text('{"cases": 7}')
    done = run("serve", "--spec", file)
    check(done.returncode == 2 and '"cases" has to be a list' in done.stderr, "a wrong spec file", done.stderr)


def known(folder):
    """What fails is written for each client, and known in the next run; --profile is in the results."""
    report, out = folder / "known.json", folder / "known-{agent}.txt"
    serving = Serving("--case", "ping/*", "--write-baseline", out, "--profile", "strict", "--json", report)
    for agent, fault in (("a/b", "pong-other-payload"), ("c", "ping-unanswered")):
        serving.client("--agent", agent, "--fault", fault).communicate(timeout=60)
    serving.end()
    written = [folder / "known-a-b.txt", folder / "known-c.txt"]
    check(all(file.exists() and "ping/" in file.read_text() for file in written), "what is known of each client",
          os.listdir(folder))
    profiles = {run["profile"] for run in json.loads(report.read_text())["runs"]}
    check(profiles == {"strict"}, "the profile is in the results", str(profiles))
    done = run("serve", "--case", "ping/*", "--profile", "strict", "--baseline", written[1], "--exec",
               f"{program} echo --connect {{url}} --fault ping-unanswered")
    check(done.returncode == 0 and "known to fail" in done.stdout, "it does not fail the next run", done.stdout)


def ends(folder):
    serving = Serving("--case", "echo/*")
    status, out, err = serving.end()
    check(status == 3 and "no client came" in err, "nobody came", err)
    for command, word in (("exit 3", "called for no case: exit status 3"), ("false {ca}", "{ca}"),
                          (f"{program} echo --connect {{url}}/runCase?casetuple=echo/type\\&agent=a", "every case")):
        done = run("serve", "--case", "echo/*", "--exec", command)
        check(done.returncode in (2, 3) and word in done.stderr, f"--exec {command!r}", done.stdout + done.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("clients", nargs="*", metavar="CLIENT")
    wish = parser.parse_args()
    packages()
    folder = own_folder("clients")
    wanted = list(wish.clients or CLIENTS)
    if "undici" in wanted and node_is_old():
        print("undici wants Node.js 20.18.1: left out")
        wanted.remove("undici")
    if "chromium" in wanted and not check(shutil.which("chromium") is not None, "chromium is there", ".ci/deps test installs it"):
        wanted.remove("chromium")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:  # most of the time is waiting
        for done in [pool.submit(play, client, CLIENTS[client], wish.all, folder) for client in wanted]:
            done.result()
    if not wish.clients:
        protocol(folder)
        spec(folder)
        known(folder)
        ends(folder)
    end("clients")


main()
