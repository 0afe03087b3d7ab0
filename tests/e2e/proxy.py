#!/usr/bin/env python3
"""Every fault of the proxy, seen on the wire by raw sockets at both ends, in both
directions, over ws and wss; scripts, the HTTP interface, what it prints.

    tests/e2e/proxy.py [NAME...]        all by default
Ends with `proxy: N passed, N failed`.
"""
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

from checks import certificate, check, end, own_folder, packages, peers, schema_breach
from wire import Program, Server, accept_of, connect, field, frame, request, tcp_info, until

SECURE = None  # (certificate, key) when this round is wss
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


class Proxy:
    """Server <- proxy <- client, with this script."""

    def __init__(self, *faults, arguments=(), server=None):
        self.server = server or Server(SECURE)
        scheme = "wss" if SECURE else "ws"
        more = ["--cert", SECURE[0], "--key", SECURE[1], "--ca", SECURE[0]] if SECURE else []
        for fault in faults:
            more += ["--fault", fault]
        self.program = Program("proxy", f"{scheme}://127.0.0.1:0", f"{scheme}://localhost:{self.server.port}", *more,
                               "--seed", 7, *arguments)
        self.port = self.program.port()

    def client(self, **how):
        wire = connect(self.port, SECURE and SECURE[0])
        request(wire, **how)
        return wire

    def pair(self, **how):
        """Both ends of an open connection."""
        client = self.client(**how)
        server = self.server.accept_websocket()
        client.answer = client.head()
        return client, server

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.status, self.out, self.errors = self.program.stop()
        self.server.sock.close()
        assert self.status == 0, (self.status, self.errors)


def ends(client, server, upstream):
    """Who sends and who receives, and how the sender's frames look."""
    return (client, server, True) if upstream else (server, client, False)


def both_ways(test):
    def run():
        test(False, "downstream")
        test(True, "upstream")
    run.__name__ = test.__name__
    return run


# ---- nothing is done ----

def passes_bytes_as_they_are():
    with Proxy() as p:
        c, s = p.pair(path="/chat?x=1", extra="X-Odd:  two  \r\n")
        assert s.request.startswith("GET /chat?x=1 HTTP/1.1\r\n") and "X-Odd:  two  \r\n" in s.request
        assert field(s.request, "Host") == f"localhost:{p.server.port}"
        assert field(c.answer, "Sec-WebSocket-Accept") == accept_of(c.key)
        odd = b"\x00\x00" + b"\x71\x05hello" + b"\x89\x7e\x00\x80" + b"p" * 128 + frame(TEXT, b"\xff")  # illegal, all of it
        c.send(odd)
        assert s.take(len(odd)) == odd
        s.send(odd)
        assert c.take(len(odd)) == odd
        c.send(b"\x81\xfe\x01")  # an unfinished head, then the end
        c.close()  # over TLS without close_notify
        assert s.take(3) == b"\x81\xfe\x01"
        assert s.rest() == b"" and s.end == ("cut" if SECURE else "fin"), s.end


def keeps_the_host_when_told():
    with Proxy(arguments=["--keep-host"]) as p:
        _, s = p.pair()
        assert field(s.request, "Host") == "example.test"


def streams_and_holds_back():
    """A slow reader stops the writer; nothing is lost."""
    with Proxy() as p:
        c, s = p.pair()
        message = frame(BINARY, b"x" * (32 << 20))
        s.sock.settimeout(0.5)
        sent = 0
        try:
            while sent < len(message):
                sent += s.sock.send(message[sent:sent + 65536])
        except (TimeoutError, OSError):
            pass
        assert sent < len(message), f"{sent} bytes were taken though nobody reads"
        rss = int(pathlib.Path(f"/proc/{p.program.process.pid}/statm").read_text().split()[1]) * 4096
        assert rss < 40 << 20, f"{rss >> 20} MiB"
        if SECURE:
            return  # how much TLS took of a write that timed out is not known
        s.sock.settimeout(20)
        import threading
        rest = threading.Thread(target=s.send, args=(message[sent:],))
        rest.start()
        assert c.take(len(message)) == message
        rest.join()


def not_websocket():
    with Proxy() as p:
        c = connect(p.port, SECURE and SECURE[0])
        c.send(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        s = p.server.accept()
        assert s.head().startswith("POST /x") and s.take(5) == b"hello"
        s.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        assert c.head().startswith("HTTP/1.1 200") and c.take(2) == b"ok"
        s.close()
        assert c.rest() == b""
        d = connect(p.port, SECURE and SECURE[0])
        odd = b"\x16\x03\x01 no HTTP at all"
        d.send(odd)
        assert p.server.accept().take(len(odd)) == odd


def server_is_down():
    server = Server(SECURE)
    with Proxy(server=server) as p:
        server.sock.close()
        try:
            c = p.client()
            c.rest()
        except OSError:  # within the TLS handshake
            return
        assert c.end == "reset", c.end


# ---- bytes ----

@both_ways
def latency(up, way):
    with Proxy(f"latency 150ms {way}") as p:
        c, s = p.pair()
        a, b, mask = ends(c, s, up)
        begin = time.monotonic()
        a.send(frame(TEXT, b"late", mask))
        assert b.frame() == (TEXT, b"late")
        assert 0.14 < time.monotonic() - begin < 3
        begin = time.monotonic()
        b.send(frame(TEXT, b"soon", not mask))
        assert a.frame() == (TEXT, b"soon") and time.monotonic() - begin < 0.13


@both_ways
def jitter(up, way):
    with Proxy(f"latency 1ms jitter 60ms {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        times = []
        for i in range(12):
            begin = time.monotonic()
            a.send(frame(TEXT, b"%d" % i, mask))
            assert b.frame() == (TEXT, b"%d" % i)  # in order
            times.append(time.monotonic() - begin)
        assert max(times) - min(times) > 0.015, times


@both_ways
def bandwidth(up, way):
    with Proxy(f"bandwidth 256KiB/s {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        data = frame(BINARY, b"b" * 100000, mask)
        begin = time.monotonic()
        a.send(data)
        assert b.take(len(data)) == data
        assert 0.3 < time.monotonic() - begin < 5, time.monotonic() - begin


@both_ways
def slice_(up, way):
    with Proxy(f"after 1 messages; slice 3 every 2ms {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        a.send(frame(TEXT, b"go", mask))
        b.frame()
        data = frame(TEXT, b"0123456789", mask)
        a.send(data)
        got, pieces = b"", []
        while len(got) < len(data):
            pieces.append(len(b.sock.recv(65536)) if not b.data else 0)
            got = got + b"." * pieces[-1]
        assert len(pieces) >= len(data) // 3 and max(pieces) <= 6, pieces


@both_ways
def corrupt(up, way):
    with Proxy(f"after 1 messages; corrupt 50 {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        a.send(frame(TEXT, b"go", mask))
        b.frame()
        data = frame(BINARY, b"c" * 496, mask)
        a.send(data)
        got = b.take(len(data))
        bits = sum(bin(x ^ y).count("1") for x, y in zip(got, data))
        assert len(got) == len(data) and bits in (len(data) // 50, len(data) // 50 + 1), bits


@both_ways
def stall(up, way):
    with Proxy(f"after 1 messages; stall {way}; wait 400ms; fault off") as p:
        a, b, mask = ends(*p.pair(), up)
        a.send(frame(TEXT, b"go", mask))
        b.frame()
        a.send(frame(TEXT, b"held", mask))
        assert b.quiet(0.2)
        b.send(frame(TEXT, b"other way", not mask))
        assert a.frame() == (TEXT, b"other way")
        assert b.frame() == (TEXT, b"held")


@both_ways
def black_hole(up, way):
    """Not the server's kernel either: what is sent goes unacknowledged, and is sent again and again."""
    with Proxy("after 1 messages; black-hole; wait 900ms; fault off") as p:
        a, b, mask = ends(*p.pair(), up)
        a.send(frame(TEXT, b"go", mask))
        b.frame()
        a.send(frame(TEXT, b"into the hole", mask))
        assert until(lambda: tcp_info(a)[1] > 0), tcp_info(a)
        assert tcp_info(a)[0] > 0 and b.quiet(0)
        assert b.frame() == (TEXT, b"into the hole")
        assert until(lambda: tcp_info(a)[0] == 0), tcp_info(a)
        b.send(frame(TEXT, b"and back", not mask))
        assert a.frame() == (TEXT, b"and back")


@both_ways
def cut(up, way):
    with Proxy(f"after 1 messages; cut after 5 {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        a.send(frame(TEXT, b"go", mask))
        b.frame()
        data = frame(TEXT, b"0123456789", mask)
        a.send(data)
        got = b.rest()
        assert got == data[:5] and b.end == "reset", (got, b.end)
        a.rest()
        assert a.end == "reset", a.end


@both_ways
def limit(up, way):
    with Proxy(f"after 1 messages; limit after 6 {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        a.send(frame(TEXT, b"go", mask))
        b.frame()
        data = frame(TEXT, b"0123456789", mask)
        a.send(data)
        assert b.rest() == data[:6] and b.end == "fin", b.end
        b.send(frame(TEXT, b"still", not mask))
        assert a.frame() == (TEXT, b"still")


@both_ways
def on_heads(up, way):
    """Handshakes are bytes like others: each fault of bytes holds for them too."""
    def first(fault):
        """The head behind the fault: its bytes as the receiver has them, and how it ended."""
        p = Proxy(f"{fault} {way}")
        with p:
            c = connect(p.port, SECURE and SECURE[0])
            request(c)
            s = p.server.accept()
            if not up:
                s.head()
                s.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            yield s if up else c
            c.close()
            s.close()

    for slow in "latency 250ms", "bandwidth 400B/s", "slice 10 every 20ms":
        for wire in first(slow):
            began = time.monotonic()
            assert "Upgrade: websocket" in wire.head()
            assert time.monotonic() - began > 0.1, slow
    for wire in first("stall"):
        assert wire.quiet(0.1)
    for wire in first("corrupt 8"):
        assert wire.take(8) not in (b"GET / HT", b"HTTP/1.1")
    # Over TLS the server's tickets, behind its handshake, meet the RST: its own `accept` fails before it has read.
    for wire in [] if up and SECURE else first("cut after 10"):
        assert wire.rest() in (b"GET / HTTP", b"HTTP/1.1 1") and wire.end == "reset", wire.end
    for wire in first("limit after 10"):
        assert wire.rest() in (b"GET / HTTP", b"HTTP/1.1 1") and wire.end == "fin", wire.end


@both_ways
def slow_close(up, way):
    with Proxy(f"slow-close 300ms {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        begin = time.monotonic()
        a.send(frame(TEXT, b"last", mask))
        assert b.frame() == (TEXT, b"last") and time.monotonic() - begin < 0.25
        a.close()
        b.rest()
        assert time.monotonic() - begin > 0.28, time.monotonic() - begin


# ---- the connection ----

def reset():
    with Proxy("after 2 messages; reset") as p:
        c, s = p.pair()
        c.send(frame(TEXT, b"1", True) + frame(TEXT, b"2", True) + frame(TEXT, b"3", True))
        assert s.frame() == (TEXT, b"1") and s.frame() == (TEXT, b"2")  # the second is out, the third is not
        assert s.rest() == b"" and s.end == "reset", s.end
        assert c.rest() == b"" and c.end == "reset", c.end


def reset_one_end():
    for way in "downstream", "upstream":
        with Proxy(f"after 1 messages; reset {way}") as p:
            c, s = p.pair()
            c.send(frame(TEXT, b"1", True))
            s.frame()
            c.rest(), s.rest()
            hit, other = (c, s) if way == "downstream" else (s, c)
            assert hit.end == "reset", hit.end
            assert other.end in ("fin", "cut"), other.end


def fin():
    with Proxy("wait 100ms; fin") as p:
        c, s = p.pair()
        assert c.rest() == b"" and s.rest() == b""
        assert c.end in ("fin", "cut") and s.end in ("fin", "cut"), (c.end, s.end)


@both_ways
def fin_one_way(up, way):
    with Proxy(f"after 1 messages; fin {way}") as p:
        c, s = p.pair()
        a, b, mask = ends(c, s, up)
        a.send(frame(TEXT, b"1", mask))
        assert b.frame() == (TEXT, b"1")
        assert b.rest() == b"" and b.end == "fin", b.end
        b.send(frame(TEXT, b"half-closed", not mask))
        assert a.frame() == (TEXT, b"half-closed")


def refuse():
    with Proxy("connection 1; after 1 messages; refuse 700ms; reset") as p:
        c, s = p.pair()
        c.send(frame(TEXT, b"1", True))
        c.rest()
        refused, begin = 0, time.monotonic()
        while time.monotonic() - begin < 5:
            try:
                socket.create_connection(("127.0.0.1", p.port), timeout=5).close()
                break
            except ConnectionRefusedError:
                refused += 1
                time.sleep(0.02)
        assert refused > 3 and time.monotonic() - begin > 0.5, (refused, time.monotonic() - begin)


def hang():
    with Proxy("connection 1; hang") as p:
        c = p.client()
        assert c.quiet(0.3) and p.server.idle(0)
        p.pair()  # the second is served


def status():
    with Proxy("status 503 header \"Retry-After: 7\"") as p:
        c = p.client()
        head = c.head()
        assert head.startswith("HTTP/1.1 503 Service Unavailable\r\n") and field(head, "Retry-After") == "7"
        assert c.rest() == b"" and c.end == "fin" and p.server.idle(0)


def answer():
    with Proxy(r'answer "HTTP/1.1 101 Go On\r\nUpgrade: h2c\r\n\r\n"') as p:
        c = p.client()
        assert c.rest() == b"HTTP/1.1 101 Go On\r\nUpgrade: h2c\r\n\r\n" and c.end == "fin"


def wrong_accept():
    with Proxy("wrong-accept") as p:
        c, _ = p.pair()
        got = field(c.answer, "Sec-WebSocket-Accept")
        assert c.answer.startswith("HTTP/1.1 101") and len(got) == 28 and got != accept_of(c.key)


def http_text():
    with Proxy("http-text") as p:
        c, s = p.pair()
        assert c.answer.startswith("HTTP/1.1 101")
        rest = c.rest()
        assert rest.startswith(b"HTTP/1.1 502 Bad Gateway\r\n") and rest.endswith(b"</h1>") and c.end == "fin", rest


def close_():
    with Proxy('after 1 messages; close 1012 "restart"') as p:
        c, s = p.pair()
        c.send(frame(TEXT, b"1", True))
        s.frame()
        assert c.frame() == (CLOSE, b"\x03\xf4restart") and not c.masked
        assert s.frame() == (CLOSE, b"\x03\xf4restart") and s.masked
        s.send(frame(TEXT, b"not passed on"))
        c.send(frame(CLOSE, b"\x03\xf4", True))
        assert c.rest() == b"" and c.end == "fin", c.end
        s.send(frame(CLOSE, b"\x03\xf4"))
        s.close()


@both_ways
def close_one_way(up, way):
    with Proxy(f"after 1 messages; close 4000 {way}") as p:
        c, s = p.pair()
        a, b, mask = ends(c, s, up)
        a.send(frame(TEXT, b"1", mask, fin=False) + frame(0, b"2", mask))
        b.frame(), b.frame()
        assert b.frame() == (CLOSE, b"\x0f\xa0")
        assert a.quiet(0.1)


@both_ways
def close_waits_for_the_frame(up, way):
    with Proxy(f"wait 150ms; close 1001 {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        whole = frame(TEXT, b"0123456789", mask)
        a.send(whole[:9])
        b.take(9)
        assert b.quiet(0.3)
        a.send(whole[9:])
        assert b.take(len(whole) - 9) == whole[9:] and b.frame() == (CLOSE, b"\x03\xe9")


@both_ways
def cut_head(up, way):
    with Proxy(f"after 1 messages; cut-head after 2 {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        a.send(frame(TEXT, b"go", mask))
        b.frame()
        data = frame(BINARY, b"x" * 300, mask)
        a.send(data)
        assert b.rest() == data[:2] and b.end == "reset", b.end


# ---- messages ----

def say(wire, mask, *texts):
    wire.send(b"".join(frame(TEXT, t, mask) for t in texts))


def heard(wire, count):
    return [wire.frame()[1] for _ in range(count)]


@both_ways
def drop_message(up, way):
    with Proxy(f"drop-message 2 {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        a.send(frame(TEXT, b"1", mask) + frame(TEXT, b"2a", mask, fin=False) + frame(PING, b"p", mask) +
               frame(0, b"2b", mask) + frame(TEXT, b"3", mask))
        assert b.frame() == (TEXT, b"1") and b.frame() == (PING, b"p") and b.frame() == (TEXT, b"3")


@both_ways
def delay_message(up, way):
    with Proxy(f"delay-message 2 300ms {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        say(a, mask, b"1", b"", b"3")
        assert b.frame() == (TEXT, b"1") and b.quiet(0.15)
        assert heard(b, 2) == [b"", b"3"]


@both_ways
def duplicate_message(up, way):
    with Proxy(f"duplicate-message 1|3 {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        say(a, mask, b"1", b"2", b"3", b"4")
        assert heard(b, 6) == [b"1", b"1", b"2", b"3", b"3", b"4"]


@both_ways
def reorder_message(up, way):
    with Proxy(f"reorder-message any {way}") as p:
        a, b, mask = ends(*p.pair(), up)
        say(a, mask, b"1", b"2", b"3", b"4")
        assert heard(b, 4) == [b"2", b"1", b"4", b"3"]
        say(a, mask, b"alone")
        assert b.quiet(0.1)
        a.close()
        assert b.frame() == (TEXT, b"alone")  # lost is none


@both_ways
def edit_message(up, way):
    with Proxy(f'edit-message 2.. "other" {way}') as p:
        a, b, mask = ends(*p.pair(), up)
        a.send(frame(TEXT, b"1", mask) + frame(BINARY, b"2" * 70000, mask))
        assert b.frame() == (TEXT, b"1") and b.frame() == (BINARY, b"other") and b.masked == mask


def extensions_go_where_messages_matter():
    offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    with Proxy("drop-message 9") as p:
        _, s = p.pair(extra=offer)
        assert field(s.request, "Sec-WebSocket-Extensions") is None
    with Proxy("latency 1ms") as p:
        _, s = p.pair(extra=offer)
        assert field(s.request, "Sec-WebSocket-Extensions") == "permessage-deflate"


def through_real_deflate(*arguments, expect=5):
    """npm ws at both ends, both compressing: what each gets, and what was agreed on."""
    packages()
    node = subprocess.Popen(["node", peers / "deflate_pair.js", str(expect)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            text=True)
    try:
        server = int(node.stdout.readline().split()[-1])
        program = Program("proxy", "127.0.0.1:0", f"127.0.0.1:{server}", *arguments)
        try:
            out, _ = node.communicate(f"{program.port()}\n", timeout=30)
        finally:
            program.stop()
    finally:
        node.kill()
    return json.loads(out)


def messages_of_npm_ws_with_deflate():
    """Each message packed by itself, both ways: what is behind a lost or moved one can still be read."""
    faults = ["--fault", "drop-message 2", "--fault", "duplicate-message 4"]
    said = through_real_deflate(*faults, "--keep-deflate")
    assert set(said["extensions"].split("; ")) == {"permessage-deflate", "server_no_context_takeover",
                                                   "client_no_context_takeover"}, said
    assert said["client"] == said["server"] == ["one", "three", "four", "four", "five"] and said["code"] == 1005, said
    said = through_real_deflate("--fault", "reorder-message 1", "--fault", 'edit-message 4 "other text"', "--keep-deflate")
    assert said["client"] == said["server"] == ["two", "one", "three", "other", "five"], said
    said = through_real_deflate(*faults)  # by default without
    assert said["extensions"] is None and said["client"] == ["one", "three", "four", "four", "five"], said
    said = through_real_deflate("--fault", "latency 1ms", "--keep-deflate")  # nothing to be done to messages
    assert said["extensions"] == "permessage-deflate" and len(said["client"]) == 5, said


# ---- scripts ----

def script_by_connection():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "flaky.wsg"
        path.write_text('scenario "flaky"\n  connection 1\n  after 1 messages upstream\n  fault reset\n'
                        "  connection 2\n  fault status 503\n  connection 3..\n  fault drop-message 1 downstream\n")
        with Proxy(arguments=["--script", path]) as p:
            c, s = p.pair()
            s.send(frame(TEXT, b"not counted"))
            c.frame()
            c.send(frame(TEXT, b"counted", True))
            assert s.frame() == (TEXT, b"counted") and s.rest() == b"" and c.rest() == b""
            assert p.client().head().startswith("HTTP/1.1 503")
            for _ in range(2):
                c, s = p.pair()
                say(s, False, b"lost", b"seen")
                assert c.frame() == (TEXT, b"seen")


def chance_is_seeded():
    def hit():
        with Proxy("connection any chance 40%; status 418") as p:
            result = ""
            for _ in range(24):
                c = p.client()
                if not p.server.idle(0.05):
                    p.server.accept_websocket()
                result += "x" if c.head().startswith("HTTP/1.1 418") else "."
            return result
    first = hit()
    assert first == hit() and 3 < first.count("x") < 20, first


def flapping():
    with Proxy("repeat 3; stall downstream; wait 100ms; fault off; wait 50ms; end") as p:
        c, s = p.pair()
        begin = time.monotonic()
        for i in range(3):
            s.send(frame(TEXT, b"%d" % i))
            assert c.frame() == (TEXT, b"%d" % i)
        assert time.monotonic() - begin < 5


def mistakes_are_told():
    for line, word in (("latncy 1ms", "did you mean 'latency'"), ("after 3; reset", "of what?"),
                       ("wait 1s; hang", "before any wait"), ("connection 1; stall in", "upstream and downstream"),
                       ("repeat 2; stall; end", "takes time"), ("drop-message", "missing N")):
        program = Program("proxy", "0", "1", "--fault", line)
        _, err = program.process.communicate(timeout=20)
        assert program.process.returncode == 2 and word in err, (line, err)
    for listen, server in (("0", "ws://h:1/path"), ("0", "http://h"), ("99999", "1"), ("0", "[::1"), ("0", "host")):
        program = Program("proxy", listen, server)
        out, err = program.process.communicate(timeout=20)
        assert program.process.returncode == 2 and err.count("\n") == 1 and not out, (listen, server, err)


# ---- over HTTP ----

class Api:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"

    def __call__(self, method, path, body=None, **headers):
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        ask = urllib.request.Request(self.base + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(ask, timeout=20) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        return status, json.loads(text) if text[:1] in ("{", "[") else text


def http_interface():
    server = Server()
    program = Program("proxy", "--control", "0")
    api = Api(program.port("control on"))
    try:
        assert "GET    /proxies" in api("GET", "/")[1]
        assert set(api("GET", "/version")[1]) == {"version"}
        code, made = api("POST", "/proxies", {"name": "live", "listen": "127.0.0.1:0", "upstream": f"127.0.0.1:{server.port}"})
        port = int(made["listen"].split(":")[1])
        assert code == 201 and made["enabled"] is True and made["toxics"] == [] and port != 0, made
        assert api("GET", "/proxies")[1] == {"live": made} and api("GET", "/proxies/live")[1] == made
        c = connect(port)
        request(c)
        s = server.accept_websocket()
        c.head()
        # on the open connection
        code, toxic = api("POST", "/proxies/live/toxics", {"type": "latency", "attributes": {"latency": 200, "jitter": 0}})
        assert code == 200 and toxic == {"name": "latency_downstream", "type": "latency", "stream": "downstream",
                                         "toxicity": 1.0, "attributes": {"latency": 200, "jitter": 0}}, toxic
        begin = time.monotonic()
        s.send(frame(TEXT, b"a"))
        c.frame()
        assert time.monotonic() - begin > 0.18
        code, toxic = api("POST", "/proxies/live/toxics/latency_downstream", {"attributes": {"latency": 1}})
        assert code == 200 and toxic["attributes"] == {"latency": 1, "jitter": 0}
        begin = time.monotonic()
        s.send(frame(TEXT, b"a"))
        c.frame()
        assert time.monotonic() - begin < 0.15
        assert api("DELETE", "/proxies/live/toxics/latency_downstream")[0] == 204
        assert api("GET", "/proxies/live/toxics")[1] == []
        code, toxic = api("POST", "/proxies/live/toxics",
                          {"name": "bye", "type": "close", "attributes": {"arguments": '1013 "later"', "after": "1 messages"}})
        assert code == 200, toxic
        s.send(frame(TEXT, b"one"))
        assert c.frame() == (TEXT, b"one") and c.frame() == (CLOSE, b"\x03\xf5later")
        look = api("GET", "/proxies/live/connections")[1]
        assert look[0]["connection"] == 1 and look[0]["downstream"]["messages"] == 3, look
        # errors
        for method, path, body, status, word in (
                ("POST", "/proxies", {"name": "live", "upstream": "1"}, 409, "already exists"),
                ("POST", "/proxies", {"upstream": "1"}, 400, "name"), ("POST", "/proxies", {"name": "x"}, 400, "upstream"),
                ("POST", "/proxies", b"{", 400, "bad request body"), ("GET", "/proxies/no", None, 404, "proxy not found"),
                ("GET", "/nothing", None, 404, "no such path"), ("DELETE", "/version", None, 405, "method"),
                ("POST", "/proxies/live/toxics", {"type": "latncy"}, 400, "invalid toxic type"),
                ("POST", "/proxies/live/toxics", {"type": "latency", "stream": "up"}, 400, "stream"),
                ("POST", "/proxies/live/toxics", {"type": "latency", "toxicity": 2}, 400, "toxicity"),
                ("POST", "/proxies/live/toxics", {"type": "drop-message"}, 400, "missing N"),
                ("POST", "/proxies/live/toxics", {"type": "stall", "attributes": {"arguments": "\n fault reset"}}, 400, "one line"),
                ("POST", "/proxies/live/toxics/no", {}, 404, "toxic not found")):
            code, said = api(method, path, body)
            assert code == status and set(said) == {"error", "status"} and said["status"] == status and word in said["error"], said
        assert api("GET", "/proxies", Origin="http://evil.example")[0] == 403
        # off and on
        assert api("POST", "/proxies/live", {"enabled": False})[1]["enabled"] is False
        assert c.rest() == b"" and c.end == "reset"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5)
            raise AssertionError("it still listens")
        except ConnectionRefusedError:
            pass
        assert api("POST", "/reset")[0] == 204
        assert api("GET", "/proxies/live")[1] == made
        for kind, attributes in (("bandwidth", {"rate": 10}), ("slow_close", {"delay": 5}), ("timeout", {"timeout": 50}),
                                 ("reset_peer", {"timeout": 9}), ("slicer", {"average_size": 9, "delay": 7}), ("limit_data", {"bytes": 3})):
            assert api("POST", "/proxies/live/toxics", {"type": kind, "attributes": attributes, "toxicity": 0})[0] == 200, kind
        code, many = api("POST", "/populate", [{"name": "live", "upstream": "9"}, {"name": "two", "upstream": "9", "enabled": False}])
        assert code == 201 and [x["name"] for x in many["proxies"]] == ["live", "two"], many
        assert api("DELETE", "/proxies/live")[0] == 204 and list(api("GET", "/proxies")[1]) == ["two"]
    finally:
        status, _, err = program.stop()
        server.sock.close()
    assert status == 0, err


def toxiproxys_own_client():
    packages()
    program = Program("proxy", "--control", "0")
    try:
        done = subprocess.run(["node", peers / "toxiproxy_client.js", f"http://127.0.0.1:{program.port('control on')}",
                               "127.0.0.1:9"], capture_output=True, text=True, timeout=60)
    finally:
        program.stop()
    said = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert said[0] == "created live true" and said[1] == 'toxic latency upstream 0.5 {"latency":100,"jitter":5}', said
    assert said[8:] == ["disabled false", "reset true live,two", "refused 404 409", "left two"], said


# ---- what it tells ----

def tells_what_it_sees():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "events.jsonl"
        with Proxy("drop-message 2 downstream", arguments=["-v", "--events", path]) as p:
            c, s = p.pair(path="/x?room=1&token=hush", extra="Cookie: id=hush\r\n")
            say(s, False, b"one", b"two", b"three")
            heard(c, 2)
            c.send(frame(CLOSE, b"\x03\xe8bye", True))
            s.frame()
            s.send(frame(CLOSE, b"\x03\xe8"))
            s.close()
            c.rest()
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert "hush" not in path.read_text() and "hush" not in p.out
        frames = [e for e in lines if e["event"] == "frame"]
        assert [(e["direction"], e.get("text"), e.get("action", "")) for e in frames[:3]] == [
            ("downstream", "one", ""), ("downstream", "two", "dropped"), ("downstream", "three", "")], frames
        assert frames[3]["code"] == 1000 and frames[3]["text"] == "bye" and frames[3]["masked"]
        assert [e["event"] for e in lines][:1] == ["accepted"] and lines[-1]["event"] == "over"
        assert {"head", "connected", "fault", "ended"} <= {e["event"] for e in lines}
        assert 'text 3 "two" (dropped)' in p.out and "\x1b" not in p.out
        assert "1 connection, 1 message" not in p.errors and "1 connection, 0 messages to the server, 3" in p.out, p.out


def reports():
    """--report: a case for each connection, its frames and what was done to it; secrets stay out."""
    with tempfile.TemporaryDirectory() as folder:
        path, page = pathlib.Path(folder) / "seen.json", pathlib.Path(folder) / "page"
        with Proxy("connection 2; drop-message 2 downstream", arguments=["--report", f"json={path},html={page}"]) as p:
            for number in (1, 2):
                c, s = p.pair(path=f"/room{number}?token=hush", extra="Cookie: id=hush\r\n")
                say(s, False, b"one", b"two", b"three")
                heard(c, 4 - number)
            c.send(frame(CLOSE, b"\x03\xe8bye", True))
            s.frame()
        text = path.read_text()
        assert "hush" not in text and "hush" not in (page / "index.html").read_text()
        assert not schema_breach(path), schema_breach(path)
        run = json.loads(text)
        first, second = run["cases"]
        assert run["mode"] == "proxy"
        assert (first["id"], first["verdict"], second["id"], second["verdict"]) == ("proxy/1", "PASS", "proxy/2", "INFO")
        assert first["title"] == "GET /room1?token=*** HTTP/1.1" and second["detail"].startswith("drop-message 2 downstream: ")
        assert [e.get("text") for e in second["events"]].count("dropped") == 1, second["events"]
        assert 'expect text "three"' in first["trace"] and 'send close 1000 "bye"' in second["trace"], second["trace"]
        bars = {s["name"]: sum(b["y"] for b in s["points"]) for s in run["figures"][0]["series"]}
        assert bars == {"accepted": 2, "faults begun": 1}, bars


TESTS = [passes_bytes_as_they_are, keeps_the_host_when_told, streams_and_holds_back, not_websocket, server_is_down, latency,
         jitter, bandwidth, slice_, corrupt, stall, black_hole, cut, limit, on_heads, slow_close, reset, reset_one_end, fin, fin_one_way, refuse,
         hang, status, answer, wrong_accept, http_text, close_, close_one_way, close_waits_for_the_frame, cut_head,
         drop_message, delay_message, duplicate_message, reorder_message, edit_message, extensions_go_where_messages_matter,
         script_by_connection]
ONCE = [messages_of_npm_ws_with_deflate, chance_is_seeded, flapping, mistakes_are_told, http_interface, toxiproxys_own_client, tells_what_it_sees, reports]


def play(test, name):
    begin, wrong = time.monotonic(), ""
    try:
        test()
    except Exception:  # whatever it is, it is that test's
        wrong = traceback.format_exc(limit=-4)
    check(not wrong, name, wrong)
    if "-t" in sys.argv:
        print(f"     {time.monotonic() - begin:.2f} s")


wanted = [name for name in sys.argv[1:] if name != "-t"]
pair_of_files = certificate(own_folder("proxy"))
for scheme in "ws", "wss":
    SECURE = pair_of_files if scheme == "wss" else None
    for test in TESTS + (ONCE if scheme == "ws" else []):
        name = test.__name__.rstrip("_")
        if not wanted or name in wanted:
            play(test, f"{scheme} {name}")
end("proxy")
