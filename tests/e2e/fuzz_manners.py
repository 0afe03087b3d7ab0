#!/usr/bin/env python3
"""How a live campaign behaves towards others: a server that is to be spared, a person at Ctrl-C, a folder that
another campaign is at work in, a network that is not ours.   Ends with `fuzz-manners: N passed, N failed`.
"""
import fcntl
import json
import os
import pty
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

from checks import check, end, own_folder, program, root, run

work = own_folder("fuzz-manners")


class Relay:
    """Stands before a server and knows when each connection came."""

    def __init__(self, port):
        self.came, self.upstream = [], port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            self.came.append(time.monotonic())
            far = socket.create_connection(("127.0.0.1", self.upstream))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    @staticmethod
    def pump(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            for end_of in (one, other):
                try:
                    end_of.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def most_within(self, seconds):
        return max((sum(at <= other < at + seconds for other in self.came) for at in self.came), default=0)


def start(*words, **more):
    return subprocess.Popen([program, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            stdin=subprocess.DEVNULL, **more)


def echo(*words):
    server = start("echo", *words)
    return server, int(re.search(r":(\d+)/", server.stdout.readline())[1])


def paced():
    """Whoever plays: batches, and with a defect the plays by which a finding is made small."""
    for rate, fault, until in ((20, [], ["--time", "3s"]), (50, ["--fault", "pong-cut"], ["--time", "60s", "--fail-fast"])):
        server, port = echo(*fault)
        relay = Relay(port)
        began = time.monotonic()
        done = run("fuzz", f"ws://127.0.0.1:{relay.port}/", "--rate", rate, "--seed", 7, *until,
                   "--dir", work / f"paced{rate}")
        took = time.monotonic() - began
        server.kill()
        most = relay.most_within(1)
        check(most <= rate * 1.15 and len(relay.came) > rate and done.returncode == (1 if fault else 0),
              f"--rate {rate}{' '.join(['', *fault])}: at most {most} connections within a second", done.stdout)
        check(fault or took < 5, f"--time 3s ended after {took:.1f} s", done.stdout + done.stderr)
    done = run("fuzz", "--sim", "--rate", 1, "--runs", 1, "--dir", work / "nobody")
    check(done.returncode == 2 and "--sim" in done.stderr, "--rate is refused where there is no server to spare", done.stderr)


def interrupt(what, words, ready, times=1, due=(0, 1)):
    """Ctrl-C when `ready` says so; the campaign has to end soon, and in order."""
    child = start("fuzz", *words)
    first = child.stdout.readline()
    deadline = time.monotonic() + 60
    while not ready(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    began = time.monotonic()
    for _ in range(times):
        child.send_signal(signal.SIGINT)
    try:
        said = first + child.communicate(timeout=20)[0]
    except subprocess.TimeoutExpired:
        child.kill()
        said = first + child.communicate()[0]
    took = time.monotonic() - began
    check(child.returncode in due and took < 4 and (times > 1 or "interrupted" in said),
          f"Ctrl-C {what}: over after {took:.2f} s", f"exit {child.returncode}\n{said}")
    check("did not show again" not in said, f"Ctrl-C {what}: no finding is doubted for it", said)


def build(name):
    server = work / name
    parts = ["-std=c17", "-D_GNU_SOURCE", "-O1", "-I", root / "harness", "-o", server, root / "tests/peers/magic_server.c",
             root / "libwswire.a", "-lz", "-lcrypto", "-lpthread"]
    subprocess.run(["cc", *parts], check=True)
    return server


def interrupted():
    server, port = echo()
    relay = Relay(port)
    url = f"ws://127.0.0.1:{relay.port}/"
    interrupt("while it waits for its turn", [url, "--rate", 4, "--no-seeds", "--time", "60s", "--dir", work / "wait"],
              lambda _: len(relay.came) >= 6)
    for at in range(4): # whatever it is at, the simulation has no loop between two plays
        began = time.monotonic()
        interrupt(f"in simulated time, {at}", ["--sim", "--no-seeds", "--dir", work / f"sim{at}"],
                  lambda _: time.monotonic() - began > 0.3 + at / 10)
    server.kill()
    server, port = echo("--fault", "pong-cut")
    relay = Relay(port)
    seen = threading.Event()
    interrupt("while a finding is made small", [f"ws://127.0.0.1:{relay.port}/", "--rate", 30, "--seed", 7, "--no-seeds",
              "--dir", work / "small"], lambda _: len(relay.came) >= 60)
    server.kill()
    magic = build("magic")
    for at in range(3): # behind the first batch it is looked whether it has come to rest
        folder, began = work / f"grow{at}", time.monotonic()
        interrupt(f"while growth is looked at, {at}", ["--exec", f"exec {magic} {{port}} memory", "--no-seeds", "--seed", at,
                  "--dir", folder], lambda _: sessions(folder) and time.monotonic() - began > 1 + at / 2)
    deaf = work / "deaf.sh"
    deaf.write_text(f"trap '' TERM\n{program} echo --port $1\n")
    interrupt("twice", ["--exec", f"sh {deaf} {{port}}", "--dir", work / "twice"],
              lambda _: any((work / "twice/corpus").glob("*.wsg")), times=2, due=(0, 1, -signal.SIGINT))


def sessions(folder):
    try:
        return int(re.search(r"sessions (\d+)", (folder / "state").read_text())[1])
    except (OSError, TypeError):
        return 0


def one_at_a_time():
    folder = work / "locked"
    first = start("fuzz", "--sim", "--seed", 5, "--dir", folder)
    first.stdout.readline()
    second = run("fuzz", "--sim", "--runs", 10, "--dir", folder)
    first.send_signal(signal.SIGINT)
    first.communicate()
    check(second.returncode == 2 and "another campaign is at work" in second.stderr,
          "two campaigns do not share a folder", second.stdout + second.stderr)
    third = run("fuzz", "--sim", "--runs", 10, "--dir", folder)
    check(third.returncode == 0, "behind the first there is room for one", third.stdout + third.stderr)


def seeds():
    folder = work / "seed"
    run("fuzz", "--sim", "--runs", 10, "--seed", 5, "--dir", folder)
    other, same = (run("fuzz", "--sim", "--runs", 10, "--seed", seed, "--dir", folder) for seed in (99, 5))
    check(other.returncode == 2 and "leave --seed out" in other.stderr, "another seed is another campaign", other.stderr)
    check(same.returncode == 0, "the same seed goes on", same.stderr)


def known_again():
    """What was found counts until it is gone, and is told as new once."""
    server = work / "server.sh"
    command, folder, result = f"sh {server} {{port}}", work / "known", work / "known.json"
    words = ["fuzz", "--exec", command, "--no-seeds", "--seed", 7, "--dir", folder, "--json", result]
    server.write_text(f"exec {program} echo --fault pong-cut --port $1\n")
    first = run(*words, "--runs", 400, "--fail-fast")
    again = run(*words, "--runs", 1)
    more = run(*words, "--runs", 300)
    server.write_text(f"exec {program} echo --port $1\n")
    mended = run(*words, "--runs", 1)
    cases = json.loads(result.read_text())["cases"]
    server.write_text(f"exec {program} echo --fault pong-cut --port $1\n")
    back = run(*words, "--runs", 1)
    check(first.returncode == 1 and "FINDING  pong -> pong" in first.stdout, "a finding", first.stdout + first.stderr)
    check(again.returncode == 1 and "KNOWN  pong -> pong" in again.stdout and "still there" in again.stdout
          and "1 of them known before" in again.stdout and "replay: " in again.stdout, "it counts the next time", again.stdout)
    check(more.returncode == 1 and "FINDING  pong -> pong" not in more.stdout, "it is not told as new", more.stdout)
    check(mended.returncode == 0 and "GONE  pong -> pong" in mended.stdout
          and [case["verdict"] for case in cases] == ["PASS", "PASS"], "it is gone when it passes", mended.stdout)
    check(back.returncode == 1 and "KNOWN  pong" in back.stdout, "and counts when it is back", back.stdout)


def away():
    """Nothing is sent: where the network is no namespace of ours, refusing comes first."""
    for url in ("ws://192.0.2.1/", "ws://169.254.169.254/", "ws://[fe80::1]/", "ws://[::ffff:169.254.169.254]/"):
        done = run("fuzz", url, "--runs", 1, "--dir", work / "away")
        check(done.returncode == 2 and "--i-own-this-target" in done.stderr, f"{url} is no private address", done.stderr)


def on_terminal(columns):
    """What is written over stays one line; so does each line of a finding that is no path."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen([program, "fuzz", "--fault", "pong-cut", "--time", "2s", "--seed", "7", "--dir",
                              str(work / f"tty{columns}")], stdout=far, stderr=far, stdin=far,
                             env={**os.environ, "TERM": "xterm"})
    os.close(far)
    said = b""
    while True:
        if not select.select([near], [], [], 60)[0]:
            break
        try:
            said += os.read(near, 65536)
        except OSError:
            break
    child.wait()
    os.close(near)
    text = re.sub(r"\x1b\[[0-9;]*m", "", said.decode())
    lines = [line for part in text.split("\n") for line in re.split(r"\r(?:\x1b\[K)?", part) if line]
    live = [line for line in lines if re.search(r"sessions, .*finding", line)]
    told = [line for line in lines if re.match(r"FINDING|NON-STRICT|      (expected|got)", line)]
    wide = [line for line in live[:-1] + told if len(line) >= columns]
    check(len(live) > 3 and told and not wide, f"{columns} columns: no line of {len(live)} wraps", "\n".join(wide) or text)


paced()
interrupted()
one_at_a_time()
seeds()
known_again()
away()
on_terminal(80)
on_terminal(200)
end("fuzz-manners")
