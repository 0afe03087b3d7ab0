#!/usr/bin/env python3
"""The proxy with its connections in several processes: what it does to the n-th
connection, its HTTP interface and what it tells are the same; and one that dies.

    tests/e2e/proxy_workers.py
Ends with `proxy_workers: N passed, N failed`.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import urllib.request

from checks import check, end, own_folder, program, root, run
from wire import Program, Server, connect, frame, request, until

TEXT = 1
SAME = ["script_by_connection", "refuse", "reports", "latency", "drop_message", "close_", "http_interface", "tells_what_it_sees"]
work = own_folder("proxy-workers")


def same_tests():
    """Those of one process, played with two."""
    wrapper = work / "wsgauntlet"
    wrapper.write_text(f'#!/bin/sh\n[ "$1" = proxy ] && {{ shift; set -- proxy --workers 2 "$@"; }}\nexec "{program}" "$@"\n')
    wrapper.chmod(0o755)
    done = subprocess.run([sys.executable, root / "tests/e2e/proxy.py", *SAME], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "WSG": str(wrapper)})
    lines = [line for line in done.stdout.splitlines() if line.startswith(("ok", "FAIL"))]
    check(done.returncode == 0 and len(lines) >= len(SAME), f"{len(lines)} tests of one process pass with two", done.stdout)


def children(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def pair(port, server):
    client = connect(port)
    request(client)
    there = server.accept_websocket()
    client.head()
    return client, there


def echoes(client, there):
    client.send(frame(TEXT, b"x", True))
    return there.frame() == (TEXT, b"x")


def one_dies():
    server = Server()
    proxy = Program("proxy", "--workers", 2, "--control", 0, "127.0.0.1:0", f"127.0.0.1:{server.port}")
    control = proxy.port("control on")
    port = proxy.port()
    look = lambda: [c["connection"] for c in json.load(
        urllib.request.urlopen(f"http://127.0.0.1:{control}/proxies/proxy/connections", timeout=10))]
    pairs = [pair(port, server) for _ in range(4)]
    check(look() == [4, 3, 2, 1], "connections of two processes are one list, the newest first", str(look()))
    ours = children(proxy.process.pid)
    os.kill(ours[0], signal.SIGKILL)
    ends = [c.rest() == b"" for c, _ in (pairs[0], pairs[2])]
    gone = until(lambda: look() == [4, 2])
    check(ends == [True, True] and gone, "the connections of a process that died are gone", str(look()))
    check(all(echoes(*p) for p in (pairs[1], pairs[3])), "the other's live on")
    new = [pair(port, server) for _ in range(2)]
    check(all(echoes(*p) for p in new) and look() == [6, 5, 4, 2],
          "new ones go to the one that is left, with their numbers", str(look()))
    status, out, errors = proxy.stop()
    server.sock.close()
    check(status == 0 and "ended: killed by signal 9" in out and "6 connections" in out
          and not any(pathlib.Path(f"/proc/{pid}").exists() for pid in ours), "it is told, and nobody is left", out + errors)


def many():
    echo = Program("echo", "--port", 0)
    proxy = Program("proxy", "--workers", 3, "127.0.0.1:0", f"127.0.0.1:{echo.port()}")
    port, told = proxy.port(), []
    reader = threading.Thread(target=lambda: told.extend(proxy.process.stdout))
    reader.start()
    done = run("storm", f"ws://127.0.0.1:{port}/", "--clients", 500, "--policy", "after 50ms")
    proxy.process.terminate()
    status = proxy.process.wait(60)
    reader.join()
    echo.stop()
    out = "".join(told)
    check(done.returncode == 0 and status == 0 and "1000 connections" in out and out.count("+ accepted") == 1000
          and all(f"#{n} + accepted" in out for n in (1, 2, 500, 1000)), "five hundred clients, twice",
          done.stdout + done.stderr + out[-500:])


same_tests()
one_dies()
many()
end("proxy_workers")
