"""Servers that do what no server should, for tests/e2e/hostile.py.

    hostile_server.py MODE PORT [CERT KEY]
    hostile_server.py list

One mode is one function below, which gets each connection in a thread of its
own. What is not said to be wrong is right: most of them open as they should.
"""
import base64
import hashlib
import os
import random
import signal
import socket
import ssl
import struct
import sys
import threading
import time
import zlib

MODES = {}
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LENGTH_MAX = 2**63 - 1
connections = 0  # taken so far


def mode(function):
    MODES[function.__name__.replace("_", "-")] = function
    return function


# --- the protocol, as far as it is kept ---

def read_request(s):
    head = b""
    while b"\r\n\r\n" not in head:
        more = s.recv(4096)
        if not more:
            raise ConnectionError("gone")
        head += more
    return head.partition(b"\r\n\r\n")[0]


def switching(request, extensions=b""):
    key = next((line.partition(b":")[2].strip() for line in request.split(b"\r\n")
                if line.lower().startswith(b"sec-websocket-key:")), b"")
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    return (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n" + extensions + b"\r\n")


def open_as_due(s):
    s.sendall(switching(read_request(s)))


def frame(opcode, payload=b"", fin=True, rsv1=False, claim=None, mask=None):
    length = len(payload) if claim is None else claim
    head = bytes([fin << 7 | rsv1 << 6 | opcode])
    bit = 0x80 if mask is not None else 0
    if length < 126:
        head += bytes([bit | length])
    elif length < 65536:
        head += struct.pack("!BH", bit | 126, length)
    else:
        head += struct.pack("!BQ", bit | 127, length)
    if mask is None:
        return head + payload
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def read_exactly(s, size):
    data = b""
    while len(data) < size:
        more = s.recv(min(size - len(data), 65536))
        if not more:
            raise ConnectionError("gone")
        data += more
    return data


def read_frame(s):
    first, second = read_exactly(s, 2)
    length = second & 127
    if length > 125:
        length = int.from_bytes(read_exactly(s, 2 if length == 126 else 8), "big")
    mask = read_exactly(s, 4) if second & 128 else bytes(4)
    payload = read_exactly(s, length)
    return first & 15, bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def echo(s, answer=frame):
    """Whole messages, pings and Close; `answer` makes the frames."""
    while True:
        opcode, payload = read_frame(s)
        s.sendall(answer(PONG if opcode == PING else opcode, payload))
        if opcode == CLOSE:
            return


def drain(s):
    """Reads on for ever, so that nothing is reset while something is still to be read."""
    while s.recv(65536):
        pass


def flood(s, data):
    data *= max(1, 65536 // len(data))
    while True:
        s.sendall(data)


def slowly(s, data, pause):
    for i in range(len(data)):
        s.sendall(data[i:i + 1])
        time.sleep(pause)


# --- before and instead of the opening handshake ---

@mode
def closes_at_once(s):
    s.close()


@mode
def resets_at_once(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


@mode
def never_answers(s):
    drain(s)


@mode
def never_reads(s):
    time.sleep(3600)


@mode
def garbage(s):
    s.sendall(random.Random(1).randbytes(100_000))
    drain(s)


@mode
def garbage_for_ever(s):
    flood(s, random.Random(2).randbytes(65536))


@mode
def nul_bytes(s):
    flood(s, bytes(65536))


@mode
def byte_by_byte(s):
    slowly(s, switching(read_request(s)), 0.05)
    echo(s)


@mode
def endless_head(s):
    s.sendall(b"HTTP/1.1 101 ")
    flood(s, b"x")


@mode
def endless_headers(s):
    s.sendall(b"HTTP/1.1 101 Switching Protocols\r\n")
    flood(s, b"X-Again: and again\r\n")


@mode
def endless_interim(s):
    flood(s, b"HTTP/1.1 100 Continue\r\n\r\n")


@mode
def endless_body(s):
    s.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    flood(s, b"ffff\r\n" + bytes(0xffff) + b"\r\n")


@mode
def answers_before_asked(s):
    s.sendall(switching(b"") + frame(TEXT, b"hello"))
    drain(s)


# --- behind the opening handshake ---

@mode
def then_garbage(s):
    open_as_due(s)
    flood(s, random.Random(3).randbytes(65536))


@mode
def not_found(s):
    read_request(s)
    s.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@mode
def then_http(s):
    open_as_due(s)
    s.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nsorry")
    drain(s)


@mode
def then_never_reads(s):
    open_as_due(s)
    time.sleep(3600)


@mode
def pings(s):
    open_as_due(s)
    flood(s, frame(PING, b"p" * 125))


@mode
def pings_unread(s):
    open_as_due(s)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    flood(s, frame(PING))


@mode
def pongs(s):
    open_as_due(s)
    flood(s, frame(PONG, b"p"))


@mode
def texts(s):
    open_as_due(s)
    flood(s, frame(TEXT, b"t" * 1000))


@mode
def empty_texts(s):
    open_as_due(s)
    flood(s, frame(TEXT))


@mode
def large_messages(s):
    open_as_due(s)
    flood(s, frame(BINARY, bytes(3 << 20)))


@mode
def fragments(s):
    open_as_due(s)
    s.sendall(frame(TEXT, b"a", fin=False))
    flood(s, frame(0, b"b", fin=False))


@mode
def empty_fragments(s):
    open_as_due(s)
    s.sendall(frame(TEXT, fin=False))
    flood(s, frame(0, fin=False))


@mode
def echo_and_flood(s):
    """An echo server that talks between its answers."""
    open_as_due(s)
    threading.Thread(target=quietly, args=(flood, s, frame(TEXT, b"spam")), daemon=True).start()
    echo(s)


@mode
def huge_slow(s):
    open_as_due(s)
    s.sendall(frame(BINARY, claim=LENGTH_MAX))
    slowly(s, bytes(3600), 0.05)


@mode
def huge_flood(s):
    open_as_due(s)
    s.sendall(frame(BINARY, claim=LENGTH_MAX))
    flood(s, bytes(65536))


@mode
def huge_text(s):
    open_as_due(s)
    s.sendall(frame(TEXT, claim=2**62))
    flood(s, b"x" * 65536)


@mode
def huge_control(s):
    open_as_due(s)
    s.sendall(frame(PING, claim=LENGTH_MAX))
    flood(s, bytes(65536))


@mode
def top_bit(s):
    open_as_due(s)
    s.sendall(frame(BINARY, claim=2**64 - 1))
    flood(s, bytes(65536))


@mode
def masked(s):
    open_as_due(s)
    echo(s, lambda opcode, payload: frame(opcode, payload, mask=b"\1\2\3\4"))


@mode
def masked_lie(s):
    """The mask bit without a mask: the stream is out of step from here on."""
    open_as_due(s)
    echo(s, lambda opcode, payload: frame(opcode, payload, mask=bytes(4))[:-4])


@mode
def resets_in_frame(s):
    open_as_due(s)
    opcode, payload = read_frame(s)
    s.sendall(frame(opcode, payload, claim=len(payload) + 10))
    resets_at_once(s)


@mode
def ends_in_frame(s):
    open_as_due(s)
    opcode, payload = read_frame(s)
    s.sendall(frame(opcode, payload, claim=len(payload) + 10))
    s.shutdown(socket.SHUT_WR)
    drain(s)


@mode
def close_and_flood(s):
    open_as_due(s)
    s.sendall(frame(CLOSE, struct.pack("!H", 1000)))
    flood(s, frame(TEXT, b"more"))


@mode
def closes_for_ever(s):
    open_as_due(s)
    flood(s, frame(CLOSE, struct.pack("!H", 1000)))


def agree_deflate(s):
    request = read_request(s)
    offered = b"permessage-deflate" in request
    s.sendall(switching(request, b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n"
                        if offered else b""))
    return offered


def squeezed(size):
    """One message of `size` zeros, without the tail (RFC 7692 section 7.2.1)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = bytes(1 << 20)
    data = b"".join(packer.compress(block) for _ in range(size >> 20))
    return (data + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


@mode
def bomb(s):
    if agree_deflate(s):
        flood(s, frame(BINARY, BOMB, rsv1=True))
    else:
        echo(s)


@mode
def bomb_endless(s):
    """One message that never ends, of blocks that unpack a thousandfold."""
    if agree_deflate(s):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        block = packer.compress(bytes(8 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
        s.sendall(frame(BINARY, block, fin=False, rsv1=True))
        flood(s, frame(0, block, fin=False))
    else:
        echo(s)


# --- under the connection ---

@mode
def tls_garbage(s):
    s.recv(4096)
    flood(s, random.Random(4).randbytes(65536))


@mode
def tls_endless_record(s):
    """A ServerHello that is never whole."""
    s.recv(4096)
    s.sendall(b"\x16\x03\x03\x40\x00\x02\xff\xff\xff")
    flood(s, b"\x16\x03\x03\x40\x00" + bytes(0x4000))


@mode
def tls_alerts(s):
    s.recv(4096)
    flood(s, b"\x15\x03\x03\x00\x02\x01\x00")


@mode
def plain_on_wss(s):
    open_as_due(s)
    echo(s)


def secured(s):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[3:5])
    return context.wrap_socket(s, server_side=True)


@mode
def tls_on_ws(s):
    echo(secured(s))


@mode
def tls_then_garbage(s):
    """Whole handshakes, then no TLS records."""
    t = secured(s)
    open_as_due(t)
    while True:
        os.write(t.fileno(), bytes(range(256)))


@mode
def tls_floods(s):
    t = secured(s)
    open_as_due(t)
    flood(t, frame(TEXT, b"t" * 1000))


# --- in the process: right for a while, then gone ---

LIVES = 6  # connections


def mortal(end):
    def serve(s):
        if connections > LIVES:
            end()
        open_as_due(s)
        echo(s)
    return serve


def die(text, how):
    print(text, file=sys.stderr, flush=True)
    how()


MODES["exits"] = mortal(lambda: die("cannot go on", lambda: os._exit(3)))
MODES["exits-0"] = mortal(lambda: os._exit(0))
MODES["segfaults"] = mortal(lambda: os.kill(os.getpid(), signal.SIGSEGV))
MODES["aborts"] = mortal(lambda: die("assertion 'sane' failed", os.abort))
MODES["hangs"] = mortal(lambda: os.kill(os.getpid(), signal.SIGSTOP))
MODES["stops-listening"] = mortal(lambda: (listener.shutdown(socket.SHUT_RDWR), listener.close(), time.sleep(3600)))
MODES["babbles-and-dies"] = mortal(lambda: die("\x1b[31m\0\xff" + "x" * 100_000 + "\nthe end", lambda: os._exit(4)))


# --- the server ---

def quietly(function, *arguments):
    try:
        function(*arguments)
    except (OSError, ValueError, struct.error):
        pass


def serve(function, s):
    quietly(function, s)
    quietly(s.close)


if sys.argv[1] == "list":
    print("\n".join(MODES))
    sys.exit()
BOMB = squeezed(64 << 20) if sys.argv[1] == "bomb" else b""
listener = socket.create_server(("127.0.0.1", int(sys.argv[2])), backlog=64)
print("listening", listener.getsockname()[1], flush=True)
while True:
    try:
        client, _ = listener.accept()
    except OSError:
        threading.Event().wait()
    connections += 1
    threading.Thread(target=serve, args=(MODES[sys.argv[1]], client), daemon=True).start()
