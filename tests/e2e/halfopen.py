#!/usr/bin/env python3
"""Two kinds of half-open, told apart by the sender's kernel: `fault stall` (what
is sent is acknowledged and goes nowhere), and a black hole in a network namespace
of our own (nothing is acknowledged), by the recipe of docs/proxy.md.

    tests/e2e/halfopen.py
Ends with `halfopen: N passed, N failed`; says so where namespaces are not permitted.
"""
import os
import shutil
import subprocess
import sys

from checks import check, end
from wire import Program, Server, connect, frame, request, tcp_info, until


def skip(why):
    print(f"skipped: {why}")
    end("halfopen", skipped=1)


def rule(act, port, side):
    subprocess.run(["iptables", act, "INPUT", "-p", "tcp", side, str(port), "-j", "DROP"], check=True, capture_output=True)


def inside():
    server = Server()
    proxy = Program("proxy", "127.0.0.1:0", f"127.0.0.1:{server.port}", "--fault", "connection 1; after 1 messages; stall upstream")
    port = proxy.port()
    pairs = []
    for _ in range(2):
        c = connect(port)
        request(c)
        s = server.accept_websocket()
        c.head()
        c.send(frame(1, b"before", True))
        assert s.frame() == (1, b"before")
        pairs.append((c, s))

    c, s = pairs[0]
    c.send(frame(1, b"into the stall", True))
    check(until(lambda: tcp_info(c)[0] == 0), "stall: the kernel acknowledges", tcp_info(c))
    check(s.quiet(0.2), "stall: the server gets nothing")

    c, s = pairs[1]
    for side in "--dport", "--sport":
        rule("-I", port, side)
    c.send(frame(1, b"into the hole", True))
    check(until(lambda: tcp_info(c)[1] > 1), "black hole: the kernel sends again and again", tcp_info(c))
    check(tcp_info(c)[0] > 0, "black hole: nothing is acknowledged", tcp_info(c))
    check(s.quiet(0) and c.quiet(0), "black hole: no byte, no FIN, no RST, at either end")
    for side in "--dport", "--sport":
        rule("-D", port, side)
    check(s.frame() == (1, b"into the hole"), "black hole: when it is gone, what was sent arrives")
    s.send(frame(1, b"and back"))
    check(c.frame() == (1, b"and back"), "black hole: the connection has survived")
    proxy.stop()


if len(sys.argv) == 1:
    if shutil.which("iptables") is None or shutil.which("unshare") is None:
        skip("needs iptables and unshare")
    try_it = "ip link set lo up && iptables -A INPUT -p tcp --dport 9 -j DROP"
    permitted = subprocess.run(["unshare", "-rn", "sh", "-c", try_it], capture_output=True, text=True)
    if permitted.returncode != 0:
        skip("network namespaces are not permitted here: " + (permitted.stderr.strip().split("\n") or [""])[0])
    os.execvp("unshare", ["unshare", "-rn", sys.executable, __file__, "inside"])
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
inside()
end("halfopen")
