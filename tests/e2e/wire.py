"""Raw sockets and hand-made frames: an observer of the wire that shares no code
with the program. Used by the proxy's tests; not a test by itself."""
import atexit
import base64
import hashlib
import os
import select
import socket
import ssl
import struct
import subprocess
import time

from checks import program

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TIMEOUT = 20


def frame(opcode, payload=b"", masked=False, fin=True):
    head = bytes([opcode | (0x80 if fin else 0)])
    size, bit = len(payload), 0x80 if masked else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if masked:
        key = os.urandom(4)
        head += key
        payload = bytes(b ^ key[i & 3] for i, b in enumerate(payload)) if size < 65536 else xor(payload, key)
    return head + payload


def xor(payload, key):
    whole = key * (len(payload) // 4 + 1)
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole[: len(payload)], "big")).to_bytes(len(payload), "big")


class Tls:
    """TLS over a socket, through memory: the end of the TCP connection below is seen as it is."""

    def __init__(self, sock, context, **how):
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)  # an end without close_notify is to be seen
        self.sock, self.come, self.go = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self.come, self.go, **how)
        self.turn(self.object.do_handshake)

    def flush(self):
        data = self.go.read()
        if data:
            self.sock.sendall(data)

    def turn(self, act, *arguments):
        while True:
            try:
                result = act(*arguments)
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                data = self.sock.recv(65536)
                self.come.write(data) if data else self.come.write_eof()

    def recv(self, size):
        try:
            return self.turn(self.object.read, size)
        except ssl.SSLZeroReturnError:
            return b""

    def sendall(self, data):
        for at in range(0, len(data), 1 << 20):
            self.object.write(data[at : at + (1 << 20)])
            self.flush()

    def send(self, data):
        self.sendall(data)
        return len(data)

    def settimeout(self, seconds):
        self.sock.settimeout(seconds)

    def fileno(self):
        return self.sock.fileno()

    def waiting(self):
        return self.object.pending() or self.come.pending

    def close(self):
        self.sock.close()


class Wire:
    """One end of a connection, and exactly what came over it."""

    def __init__(self, sock):
        self.sock, self.data, self.end = sock, bytearray(), None
        sock.settimeout(TIMEOUT)

    def more(self):
        """Reads once. False at the end, whose kind is then in .end."""
        if self.end:
            return False
        try:
            piece = self.sock.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            self.end = "reset"
        except ssl.SSLEOFError:
            self.end = "cut"
        except ssl.SSLError as error:
            self.end = "cut" if "EOF" in str(error) else "tls: %s" % error
        else:
            if piece:
                self.data += piece
                return True
            self.end = "fin"
        return False

    def take(self, size):
        while len(self.data) < size and self.more():
            pass
        taken = bytes(self.data[:size])
        del self.data[:size]
        return taken

    def head(self):
        while b"\r\n\r\n" not in self.data and self.more():
            pass
        at = self.data.find(b"\r\n\r\n")
        if at < 0:
            return ""
        return self.take(at + 4).decode("latin-1")

    def frame(self):
        """(opcode, payload), or None at the end."""
        head = self.take(2)
        if len(head) < 2:
            self.data[:0] = head
            return None
        size, masked = head[1] & 127, head[1] & 128
        if size == 126:
            size = struct.unpack(">H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.take(8))[0]
        key = self.take(4) if masked else b""
        payload = self.take(size)
        self.masked = bool(masked)
        return head[0] & 15, xor(payload, key) if masked and payload else payload

    def rest(self):
        while self.more():
            pass
        return self.take(len(self.data))

    def quiet(self, seconds):
        """Nothing comes for so long, and the connection does not end."""
        if self.data or (isinstance(self.sock, Tls) and self.sock.waiting()):
            return False
        return not select.select([self.sock], [], [], seconds)[0]

    def send(self, data):
        self.sock.sendall(data)

    def close(self):
        self.sock.close()


def tcp_info(wire):
    """(segments sent and not acknowledged, retransmissions in all) of that socket."""
    sock = getattr(wire.sock, "sock", wire.sock)  # below TLS
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return struct.unpack_from("=I", info, 24)[0], struct.unpack_from("=I", info, 100)[0]


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


class Server:
    """A listening socket of ours, behind the proxy."""

    def __init__(self, tls=None):
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.sock.settimeout(TIMEOUT)
        self.port = self.sock.getsockname()[1]
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)

    def accept(self):
        sock, _ = self.sock.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context:
            sock.settimeout(TIMEOUT)
            sock = Tls(sock, self.context, server_side=True)
        return Wire(sock)

    def accept_websocket(self):
        wire = self.accept()
        wire.request = wire.head()
        if wire.request:
            wire.send(switching(wire.request))
        return wire

    def idle(self, seconds):
        return not select.select([self.sock], [], [], seconds)[0]


def field(head, name):
    for line in head.split("\r\n")[1:]:
        if line.lower().startswith(name.lower() + ":"):
            return line.split(":", 1)[1].strip()
    return None


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def switching(request, extra=""):
    return ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: %s\r\n%s\r\n" % (accept_of(field(request, "Sec-WebSocket-Key")), extra)).encode()


def connect(port, tls=None):
    sock = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls:
        context = ssl.create_default_context(cafile=tls)
        sock = Tls(sock, context, server_hostname="localhost")
    return Wire(sock)


def request(wire, path="/", extra=""):
    wire.key = base64.b64encode(os.urandom(16)).decode()
    wire.send(("GET %s HTTP/1.1\r\nHost: example.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n%s\r\n" % (path, wire.key, extra)).encode())


class Program:
    """The program under test, told to us by its first lines."""

    def __init__(self, *arguments, stdout=subprocess.PIPE):
        self.process = subprocess.Popen([program, *map(str, arguments)], stdout=stdout, stderr=subprocess.PIPE,
                                        text=True, stdin=subprocess.DEVNULL)
        atexit.register(self.process.kill)  # whatever becomes of the test

    def line_with(self, word):
        for line in self.process.stdout:
            if word in line:
                return line.strip()
        raise AssertionError("no line with %r; %s" % (word, self.process.stderr.read()))

    def port(self, word="listening on"):
        line = self.line_with(word)
        return int(line.split("://", 1)[1].split("/")[0].split(":")[-1])

    def stop(self):
        self.process.terminate()
        out, err = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, out, err
