#!/usr/bin/env python3
"""A session of a real browser (headless Chromium) through `record`, replayed
against the server and, mirrored, against the page; HAR files through `import`.

    tests/e2e/record.py
Ends with `record: N passed, N failed`.
"""
import atexit
import json
import os
import subprocess
import traceback

from checks import check, end, own_folder, packages, peers, run
from wire import Program, Server, connect, frame, request

folder = own_folder("record")


class Lines:
    """A process that tells things line by line."""

    def __init__(self, *command):
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        stdin=subprocess.DEVNULL, text=True, start_new_session=True)
        atexit.register(self.process.kill)  # whatever becomes of the test

    def until(self, word):
        seen = []
        for line in self.process.stdout:
            seen.append(line.strip())
            if word in line:
                return seen
        raise AssertionError(f"no {word!r} in {seen}")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.process.stdout.close()


def browser(url):
    profile = folder / "profile"
    return subprocess.Popen(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                             "--no-first-run", "--disable-background-networking", f"--user-data-dir={profile}", url],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                            start_new_session=True)


def end_browser(process):
    os.killpg(process.pid, 9)
    process.wait(timeout=20)


def mirrored(story, server, page, what):
    """The story from the server's side, against the page in a browser; `server` hears what the page says of it."""
    play = Program("run", story, "--listen", "127.0.0.1:0", "--trace")
    process = browser(f"{page}ws=ws://127.0.0.1:{play.port('listening on')}/live")
    seen = server.until("done")
    out, err = play.process.communicate(timeout=30)
    end_browser(process)
    check(play.process.returncode == 0 and "1 passed" in out, f"{what}, mirrored, against the page", out + err)
    check(seen[-1] == "done fine-2-1", f"{what}: the page was content with it", seen)


def with_browser():
    story = folder / "story.wsg"
    server = Lines("node", peers / "session_server.js", 0)
    port = server.until("listening")[0].split()[1]
    record = Program("record", "127.0.0.1:0", f"127.0.0.1:{port}", "-o", story)
    at = record.port("recording on")
    page = browser(f"http://127.0.0.1:{at}/")
    seen = server.until("done")
    end_browser(page)
    status, out, err = record.stop()
    check(seen[-1] == "done fine-2-1" and seen.count("connection") == 2, "the page survives a drop through record", seen)
    check(status == 0 and "2 connections recorded" in out, "record ends well", (status, out, err))
    text = story.read_text()
    check("hush" not in text and "token=***" in text and '"token":"***"' in text, "secrets are masked", text)
    check("capture v1" in text and '"session":"${v1}"' in text, "the session's id is a capture", text)
    check("reconnect after" in text and "accept within" in text and "drop fin" in text, "the drop is there", text)
    lint = run("lint", story)
    check(lint.returncode == 0 and "nothing to report" in lint.stdout, "lint has nothing to say", lint.stdout)
    fmt = run("fmt", "--check", story)
    check(fmt.returncode == 0, "it is in canonical form", fmt.stdout)

    again = run("run", story, "--url", f"ws://127.0.0.1:{port}/", "--trace")
    check(again.returncode == 0 and "1 passed" in again.stdout, "replayed against the server", again.stdout + again.stderr)
    seen = server.until("token ***")
    check(seen[-1] == "token ***", "the server got the masked one", seen)

    mirrored(story, server, f"http://127.0.0.1:{port}/?", "a recording")

    # A server that forgot its sessions is found by the same story.
    server.stop()
    server = Lines("node", peers / "session_server.js", 0, "forget")
    port = server.until("listening")[0].split()[1]
    again = run("run", story, "--url", f"ws://127.0.0.1:{port}/")
    check(again.returncode == 1 and "resumed" in again.stdout, "a server that forgets fails it", again.stdout)
    server.stop()


def by_hand():
    """Both ends are ours: what is written is known to the word."""
    story = folder / "hand.wsg"
    server = Server()
    record = Program("record", "127.0.0.1:0", f"127.0.0.1:{server.port}", "-o", story, "--connections", 2)
    at = record.port("recording on")
    for n in range(2):
        c = connect(at)
        request(c, path="/x", extra="Cookie: a=b\r\nX-App: 7\r\nSec-WebSocket-Protocol: one, two\r\n"
                                    "Sec-WebSocket-Extensions: permessage-deflate\r\n")
        s = server.accept_websocket()
        assert "permessage-deflate" not in s.request
        c.head()
        c.send(frame(1, b"frag", True, fin=False) + frame(9, b"p", True) + frame(0, b"ments", True))
        s.take(len(frame(1, b"frag", True)) + len(frame(9, b"p", True)) + len(frame(0, b"ments", True)))
        s.send(frame(10, b"p") + frame(2, bytes(range(200)) * 30))
        c.take(len(frame(10, b"p")) + len(frame(2, bytes(6000))))
        if n == 0:
            c.sock.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER 0: RST
            c.close()
            s.rest()
        else:
            s.send(frame(8, b"\x03\xe9away"))
            c.frame()
            c.send(frame(8, b"\x03\xe9", True))
            s.frame()
            s.close()
            c.rest()
            c.close()
    out, err = record.process.communicate(timeout=30)
    text = story.read_text() if story.exists() else err
    wanted = ['open path "/x" protocol "one" protocol "two" header "X-App: 7"  # masked: Cookie', 'send text "fragments"',
              'send ping "p"', 'expect pong "p"', "# of 6000 bytes", "drop reset", "reconnect after", 'expect close 1001 "away"',
              "send close 1001", "accept", 'expect text "fragments"', 'send close 1001 "away"', "expect close 1001"]
    check(record.process.returncode == 0 and all(w in text for w in wanted), "frames, pings, closes and ends, by hand",
          [w for w in wanted if w not in text] + [text])
    server.sock.close()

    empty = Program("record", "0", "9", "-o", folder / "no.wsg")
    empty.port("recording on")
    status, _, err = empty.stop()
    check(status == 3 and "nothing was recorded" in err and not (folder / "no.wsg").exists(), "nothing recorded is told", err)
    bad = run("record", "0", "9", "-o", folder / "no/such/place.wsg")
    check(bad.returncode in (2, 3) and bad.stderr.count("\n") == 1, "a place that cannot be written to is told first", bad.stderr)


def entry(url, started, messages, status=101):
    return {"startedDateTime": started, "_resourceType": "websocket", "time": 1,
            "request": {"method": "GET", "url": url, "headers": [{"name": "Host", "value": "h"},
                        {"name": "Cookie", "value": "id=hush"}, {"name": "Sec-WebSocket-Protocol", "value": "chat"}]},
            "response": {"status": status, "headers": [{"name": "Sec-WebSocket-Protocol", "value": "chat"}]},
            "_webSocketMessages": [dict(type=t, time=at, opcode=op, data=data) for t, at, op, data in messages]}


def from_har():
    har = {"log": {"version": "1.2", "entries": [
        {"startedDateTime": "2026-01-31T12:00:00.000Z", "request": {"url": "https://app.example/", "headers": []}},
        entry("wss://app.example/live?token=hush", "2026-01-31T12:00:03.500Z", [
            ("send", 1769860803.6, 1, '{"op":"resume","session":"4f3a9c1b77d0e2aa","after":1}'),
            ("receive", 1769860803.7, 2, "AQID"), ("error", 1769860803.8, -1, "x")]),
        entry("wss://app.example/live?token=hush", "2026-01-31T12:00:00.000Z", [
            ("send", 1769860800.1, 1, '{"op":"hello"}'),
            ("receive", 1769860800.2, 1, '{"session":"4f3a9c1b77d0e2aa"}')])]}}
    path, out = folder / "app.har", folder / "app.wsg"
    path.write_text(json.dumps(har))
    done = run("import", path, "-o", out)
    text = out.read_text() if out.exists() else ""
    wanted = ['open path "/live?token=***" protocol "chat"',
              "send text '{\"op\":\"hello\"}'", "capture v1", "'{\"op\":\"resume\",\"session\":\"${v1}\",\"after\":1}'",
              "expect binary hex(01 02 03)", "reconnect after 3300ms", "drop fin  # how it ended is not known",
              'accept protocol "chat"']
    check(done.returncode == 0 and all(w in text for w in wanted) and "hush" not in text,
          "a HAR with two entries of one URL", [w for w in wanted if w not in text] + [text, done.stderr])
    check(run("lint", out).returncode == 0, "lint reads it", run("lint", out).stdout)
    check("token=hush" in run("import", path, "--secrets").stdout, "--secrets keeps them")
    for name, content, word in (("no.har", "{", "no JSON"), ("empty.har", '{"log":{"entries":[]}}', "no WebSocket entry"),
                                ("not.har", "{}", "no log.entries")):
        (folder / name).write_text(content)
        bad = run("import", folder / name)
        check(bad.returncode == 2 and word in bad.stderr and bad.stderr.count("\n") == 1, f"{name} is told", bad.stderr)
    check(run("import", folder / "gone.har").returncode == 2, "a file that is not there")
    check("no WebSocket entry that was answered has" in run("import", path, "--url", "other").stderr,
          "--url that fits nothing")
    for status in 0, -1, 99, 70000:
        har["log"]["entries"][1]["response"] = {"status": status, "headers": []}
        path.write_text(json.dumps(har))
        done = run("import", path)
        check(done.returncode == 0 and "'{\"op\":\"resume\"" in done.stdout, f"messages behind a status {status}", done.stderr)
        har["log"]["entries"][1]["_webSocketMessages"] = []
        path.write_text(json.dumps(har))
        done = run("import", path)
        check(done.returncode == 0 and "resume" not in done.stdout and "reconnect" not in done.stdout,
              f"one that nobody answered, status {status}", [done.stdout, done.stderr])
        har["log"]["entries"][1]["_webSocketMessages"] = [
            {"type": "send", "time": 1769860803.6, "opcode": 1, "data": '{"op":"resume"}'}]


def bare_client():
    """A client that knows nothing of us: one connection, then it is gone."""
    story, client = folder / "bare.wsg", folder / "bare.js"
    story.write_text('testee client\nscenario "one"\n  accept\n  send text "hello"\n  expect text "hello"\n'
                     '  send close 1000\n  expect close 1000\n')
    client.write_text(f"const WebSocket = require('{peers}/node_modules/ws'); const s = new WebSocket(process.argv[2]);\n"
                      "s.on('message', (data, binary) => s.send(data, { binary }))\n")
    done = run("run", story, "--listen", "0", "--exec", f"node {client} {{url}}")
    check(done.returncode == 0 and "1 passed" in done.stdout, "a bare client", done.stdout + done.stderr)
    known, wrong = folder / "bare.known", folder / "wrong/bare.wsg"
    wrong.parent.mkdir()
    wrong.write_text(story.read_text().replace('expect text "hello"', 'expect text "other"'))
    client_of_it = ("run", wrong, "--listen", "0", "--exec", f"node {client} {{url}}")
    done = run(*client_of_it, "--write-baseline", known)
    check(done.returncode == 0 and "1 known to fail" in done.stdout and "\nbare\tnot reviewed" in known.read_text(),
          "what it fails goes into a baseline", done.stdout + done.stderr)
    done = run(*client_of_it, "--baseline", known)
    check(done.returncode == 0 and "1 known to fail" in done.stdout and "no case" not in done.stderr, "which the next run knows", done.stdout + done.stderr)
    done = run("run", story, "--listen", "0", "--exec", f"node {client} {{url}}", "--baseline", known)
    check(done.returncode == 0 and "bare no longer fails" in done.stdout, "and what is mended is told", done.stdout + done.stderr)
    done = run("run", story, "--listen", "wss://0", "--cert-out", folder / "ca.pem", "--exec",
               f"NODE_EXTRA_CA_CERTS={{ca}} node {client} {{url}}")
    check(done.returncode == 0 and "1 passed" in done.stdout, "over TLS, with the certificate by {ca}", done.stdout)
    done = run("run", story, "--listen", "0", "--exec", f"node {folder}/gone.js {{url}}")
    check(done.returncode == 3 and "process has ended: exit status 1" in done.stdout and "2.0 s" not in done.stdout,
          "one that cannot start is told at once", done.stdout)


def in_seconds(har):
    """The same as Chrome's own DevTools export it: Playwright writes milliseconds."""
    for one in har["log"]["entries"]:
        for message in one.get("_webSocketMessages", []):
            message["time"] /= 1000
    return har


def har_of_a_browser():
    """Two sockets at once, binary messages, a drop and a reconnect, in a HAR that Chromium and Playwright wrote."""
    path, story, same = folder / "browser.har", folder / "browser.wsg", folder / "seconds.har"
    server = Lines("node", peers / "session_server.js", 0)
    port = server.until("listening")[0].split()[1]
    done = subprocess.run(["node", peers / "har_recorder.js", f"http://127.0.0.1:{port}/?echo", path],
                          capture_output=True, text=True, timeout=120)
    check(done.returncode == 0 and server.until("done")[-1] == "done fine-2-1", "the browser's session", done.stderr)
    done = run("import", path, "-o", story)
    text = story.read_text()
    check(done.returncode == 0 and "hush" not in text and "a: open" in text and "b: drop fin" in text and "c: open" in text and
          "send binary hex(00 ff 00)" in text and '"session":"${v1}"' in text, "several connections, each its own", text)
    same.write_text(json.dumps(in_seconds(json.loads(path.read_text()))))
    check(run("import", same).stdout == text, "the same in seconds, as DevTools export it", run("import", same).stdout)
    check(run("lint", story).returncode == 0 and run("fmt", "--check", story).returncode == 0, "a clean scenario", text)
    again = run("run", story, "--url", f"ws://127.0.0.1:{port}/", "--trace")
    check(again.returncode == 0 and "1 passed" in again.stdout, "a HAR replayed against the server", again.stdout)
    mirrored(story, server, f"http://127.0.0.1:{port}/?echo&", "a HAR")
    server.stop()


packages()
for test in by_hand, from_har, bare_client, with_browser, har_of_a_browser:
    try:
        test()
    except Exception:  # whatever it is, it is that test's
        check(False, test.__name__, traceback.format_exc())
end("record")
