#!/usr/bin/env python3
"""Reports as whoever reads them meets them: what stands when the testee is killed, when Ctrl-C comes, when the disk is
full; JUnit, TAP and Autobahn's files by readers written from their descriptions; `wsgauntlet report`; the page in
Chromium (page.js). Ends with `reports: N passed, N failed`.
"""
import json
import os
import re
import signal
import subprocess
import xml.etree.ElementTree

from checks import PYTHON, check, end, own_folder, packages, program, root, run, schema_breach


def is_result(path, what):
    breach = schema_breach(path)
    check(not breach, f"{what}: the JSON is valid", breach)
    return json.loads(path.read_text())


# ---- readers, from the descriptions of the formats ----

def read_junit(path):
    """Jenkins, GitLab and others: testsuites > testsuite > properties, testcase > skipped|failure|error, system-out, -err."""
    suites = xml.etree.ElementTree.parse(path).getroot()
    assert suites.tag == "testsuites" and {"tests", "failures", "errors", "time"} <= suites.attrib.keys()
    names, sums = set(), {"tests": 0, "failures": 0, "errors": 0}
    for suite in suites:
        assert suite.tag == "testsuite" and suite[0].tag == "properties", suite.tag
        cases = suite[1:]
        found = {"tests": len(cases)}
        for tag, count in ("failure", "failures"), ("error", "errors"), ("skipped", "skipped"):
            found[count] = sum(case.find(tag) is not None for case in cases)
        for case in cases:
            assert case.tag == "testcase" and case.get("classname") and float(case.get("time")) >= 0
            assert [c.tag for c in case] in ([], ["skipped"], ["failure"], ["error"], ["system-out"], ["failure", "system-err"]), \
                [c.tag for c in case]
            assert (suite.get("name"), case.get("name")) not in names, case.get("name")
            names.add((suite.get("name"), case.get("name")))
        for count, number in found.items():
            assert int(suite.get(count)) == number, (count, number)
            if count in sums:
                sums[count] += number
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))
    assert all(int(suites.get(count)) == number for count, number in sums.items())
    return sums


def read_tap(text):
    """testanything.org, version 14: version, plan, points in order, YAML blocks between --- and ..."""
    lines = text.splitlines()
    assert lines[0] == "TAP version 14"
    plan = int(re.fullmatch(r"1\.\.(\d+)", lines[1]).group(1))
    good = bad = number = 0
    block = bail = False
    for line in lines[2:]:
        if line == "  ---" or line == "  ...":
            assert block == (line == "  ..."), line
            block = not block
        elif block:
            value = re.fullmatch(r'    (\w+): ("(?:[^"\\\x00-\x1f]|\\["\\])*"|[0-9.]+)', "  " + line)
            assert value, line
            json.loads(value.group(2))
        elif line.startswith("Bail out!"):
            bail = True
        else:
            point = re.fullmatch(r"(not )?ok (\d+) - ((?:[^#\\]|\\[#\\])+?)( # (SKIP|TO" r"DO)( .*)?)?", line)
            assert point, line
            number += 1
            assert int(point.group(2)) == number, line
            good, bad = good + (point.group(1) is None), bad + (point.group(1) is not None and point.group(5) is None)
    assert bail or number == plan, (number, plan)
    return {"ok": good, "not ok": bad, "bail": bail}


INDEX = {"behavior": str, "behaviorClose": str, "duration": int, "remoteCloseCode": (int, type(None)), "reportfile": str}
BEHAVIOR = {"OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED"}
CLOSE = {"OK", "FAILED", "UNCLEAN", "WRONG CODE", "FAILED BY CLIENT", "INFORMATIONAL"}
CASE = {
    str: "id agent description expectation started behavior behaviorClose result resultClose httpRequest httpResponse",
    int: "case duration",
    bool: "isServer closedByMe failedByMe droppedByMe wasClean wasServerConnectionDropTimeout wasOpenHandshakeTimeout "
          "wasCloseHandshakeTimeout reportTime reportCompressionRatio createWirelog createStats",
    dict: "expected expectedClose rxOctetStats txOctetStats rxFrameStats txFrameStats",
    list: "received wirelog",
    (str, type(None)): "wasNotCleanReason localCloseReason remoteCloseReason",
    (int, type(None)): "localCloseCode remoteCloseCode",
    (dict, type(None)): "trafficStats",
}


def read_autobahn(folder):
    """{agent: {case: entry}}, and a file for each with the 39 keys."""
    index = json.loads((folder / "index.json").read_text())
    for agent, cases in index.items():
        plain = re.sub(r"[^a-z0-9]", "_", agent.lower()).strip("_")
        for case, entry in cases.items():
            assert {key: type(value) for key, value in entry.items()}.keys() == INDEX.keys(), entry
            assert all(isinstance(entry[key], kind) for key, kind in INDEX.items()), entry
            assert entry["behavior"] in BEHAVIOR and entry["behaviorClose"] in CLOSE, entry
            assert entry["reportfile"] == f"{plain}_case_{case.replace('.', '_')}.json", entry
            whole = json.loads((folder / entry["reportfile"]).read_text())
            keys = {key: kind for kind, names in CASE.items() for key in names.split()}
            assert whole.keys() == keys.keys() and len(keys) == 39, whole.keys() ^ keys.keys()
            assert all(isinstance(whole[key], kind) for key, kind in keys.items()), (case, whole)
            assert whole["id"] == case and whole["agent"] == agent
            assert all(entry[key] == whole[key] for key in INDEX if key != "reportfile")
            assert all(event[0] in ("message", "pong") for event in whole["received"])
            assert all(row[0] in ("TF", "RF", "TO", "RO") for row in whole["wirelog"])
    return index


def reads(what, reader, *arguments):
    try:
        return reader(*arguments)
    except Exception as error:  # whatever it is, the report is not as it should be
        check(False, f"{what}: {reader.__name__} refuses it", repr(error))
        return None


# ---- what stands when things go wrong ----

SERVER = """
import asyncio, os, sys, websockets
async def echo(socket):
    async for message in socket:
        if message == "hang":
            with open(sys.argv[2], "w") as fifo:
                fifo.write(str(os.getpid()))
            continue
        await socket.send(message)
async def main():
    async with websockets.serve(echo, "127.0.0.1", int(sys.argv[1])) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
asyncio.run(main())
"""
STORY = """
case a/good "echoes" each n 1 2 3 4 5
  open
  send text "one ${n}"
  expect echo

case b/hang "waits for an echo"
  open
  send text "hang"
  expect echo within 60s

case c/good "echoes" each n 1 2 3 4 5
  open
  send text "two ${n}"
  expect echo
"""


def everything(work, name):
    folder = work / name
    places = [f"html={folder}/page", f"json={folder}/r.json", f"junit={folder}/r.xml", f"tap={folder}/r.tap",
              f"autobahn={folder}/autobahn"]
    folder.mkdir()
    return folder, ["--report", ",".join(places)]


def all_there(folder, what, cases):
    """Each format holds what was earned; returns the JSON."""
    result = is_result(folder / "r.json", what)
    ids = [case["id"] for case in result["cases"]]
    check(set(cases) <= set(ids), f"{what}: {len(ids)} cases are told of", ids)
    reads(what, read_junit, folder / "r.xml")
    reads(what, read_tap, (folder / "r.tap").read_text())
    reads(what, read_autobahn, folder / "autobahn")
    page = (folder / "page/index.html").read_text()
    check(page.rstrip().endswith("</html>") and all(f'"{case}"' in page for case in cases), f"{what}: the page has them")
    return result


def verdicts(result):
    return {case["id"]: case["verdict"] for case in result["cases"]}


GOOD = [f"{letter}/good/{n}" for letter in "ac" for n in range(1, 6)]


def killed(work):
    (work / "server.py").write_text(SERVER)
    (work / "story.wsg").write_text(STORY)
    os.mkfifo(work / "fifo")
    command = f"exec {PYTHON} {work}/server.py {{port}} {work}/fifo"
    folder, reports = everything(work, "killed")
    player = subprocess.Popen([program, "run", work / "story.wsg", "--exec", command, "-j", "1", *reports],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.kill(int((work / "fifo").read_text()), signal.SIGKILL)  # blocks until the server has got the word
    # The case is played again alone, to see whether it is what ends the testee: it is killed again.
    out, err = "", ""
    try:
        os.kill(int((work / "fifo").read_text()), signal.SIGKILL)
        out, err = player.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        player.kill()
    check(player.returncode == 1, f"kill -9 of the testee in mid-run: exit {player.returncode}", out + err)
    result = all_there(folder, "kill -9", [*GOOD, "b/hang"])
    got = verdicts(result)
    check(got["b/hang"] == "FAIL" and all(got[case] == "PASS" for case in GOOD), "kill -9: one case fails, ten pass", got)
    check("signal 9" in next(c["detail"] for c in result["cases"] if c["id"] == "b/hang"), "kill -9: the signal is named")


def hanging(work, name):
    """A server of its own, and a player that waits for its echo: (server, player, folder)."""
    server = subprocess.Popen([PYTHON, work / "server.py", "0", work / "fifo"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    port = server.stdout.readline().strip()
    folder, reports = everything(work, name)
    player = subprocess.Popen([program, "run", work / "story.wsg", "--url", f"ws://127.0.0.1:{port}/", "-j", "1", *reports],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    (work / "fifo").read_text()  # until the server has got the word
    return server, player, folder


def gone(work):
    """One that is not ours, and does not come back."""
    server, player, folder = hanging(work, "gone")
    server.kill()
    server.wait()
    out, err = player.communicate(timeout=60)
    check(player.returncode == 1, f"a testee that is gone for good: exit {player.returncode}", out + err)
    result = all_there(folder, "gone", GOOD[:5])
    got = verdicts(result)
    check(all(got[case] == "PASS" for case in GOOD[:5]) and got["b/hang"] == "FAIL", "gone: what was earned stands", got)


FIVE = """
case hang "waits for an echo" each n 1 2 3 4 5
  open
  send text "hang"
  expect echo within 60s
"""


def five_under_way(work):
    """Nobody can tell which of them it was, and each of them says so."""
    (work / "five.wsg").write_text(FIVE)
    os.mkfifo(work / "five")
    fifo = os.open(work / "five", os.O_RDWR)  # kept open: no writer comes too late, no reader sees an end
    server = subprocess.Popen([PYTHON, work / "server.py", "0", work / "five"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    port = server.stdout.readline().strip()
    folder, reports = everything(work, "five-under-way")
    player = subprocess.Popen([program, "run", work / "five.wsg", "--url", f"ws://127.0.0.1:{port}/", "-j", "5", *reports],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = b""
    while len(said) < 5 * len(str(server.pid)):  # the server writes its number for each of them
        said += os.read(fifo, 100)
    os.close(fifo)
    server.kill()
    server.wait()
    out, err = player.communicate(timeout=60)
    check(player.returncode == 1, f"a testee that dies under five cases: exit {player.returncode}", out + err)
    details = [case["detail"] for case in all_there(folder, "five under way", [])["cases"]]
    check(len(details) == 5 and all("one of 5 cases under way" in detail for detail in details),
          "each of the five is told to be one of five", details)


def interrupted(work):
    server, player, folder = hanging(work, "interrupted")
    player.send_signal(signal.SIGINT)
    out, err = player.communicate(timeout=60)
    server.kill()
    server.wait()
    check(player.returncode == 3, f"Ctrl-C: exit {player.returncode}", out + err)
    result = all_there(folder, "Ctrl-C", GOOD[:5])
    got = verdicts(result)
    check(all(got[case] == "PASS" for case in GOOD[:5]) and result["interrupted"], "Ctrl-C: what was earned stands", got)
    check("Bail out!" in (folder / "r.tap").read_text(), "Ctrl-C: the TAP says that it was cut short")


def full_disk(work):
    """A disk of 64 KiB, in a mount namespace of its own: the page does not fit, JUnit does."""
    disk, kept = work / "disk", work / "kept"
    disk.mkdir(), kept.mkdir()
    script = (f"mount -t tmpfs -o size=64k none {disk} || exit 99\n"
              f"{program} test --sim --case 'ping/*' --report html={disk}/page,junit={disk}/r.xml,tap={disk}/r.tap\n"
              f"status=$?; cp -r {disk}/. {kept}; exit $status")
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    player = subprocess.run([*unshare, "sh", "-c", script], capture_output=True, text=True)
    if player.returncode == 99 or "unshare:" in player.stderr:
        print("skipped: no mount namespace here:", player.stderr.strip())
        return
    check(player.returncode == 3, f"a full disk: exit {player.returncode}", player.stdout + player.stderr)
    check(player.stderr.count("\n") == 1 and "/page/index.html: No space left on device" in player.stderr,
          "a full disk is told in one line", player.stderr)
    check(" passed in " in player.stdout, "a full disk: the terminal has the result")
    check(reads("a full disk", read_junit, kept / "r.xml") and reads("a full disk", read_tap, (kept / "r.tap").read_text()),
          "a full disk: the other reports are whole")
    check(sorted(p.name for p in kept.rglob("*")) == ["page", "r.tap", "r.xml"], "a full disk: no half of a file stays")
    player = run("test", "--sim", "--case", "ping/*", "--report", f"json=/dev/full,junit={work}/full.xml")
    check(player.returncode == 3 and (work / "full.xml").exists(), "/dev/full: the other report is written", player.stderr)


def unwritable(work):
    (work / "file").write_text("")
    for what, place in ("a folder below a file", f"html={work}/file/x"), ("no such folder", f"json={work}/no/such/x"):
        player = run("test", "--exec", "exit 9", "--report", place)
        check(player.returncode == 2 and player.stderr.count("\n") == 1 and not player.stdout,
              f"{what} is told before anything is played", player.stderr)


# ---- the suite in every format; wsgauntlet report ----

def formats(work):
    folder, reports = everything(work, "suite")
    player = run("test", "--sim", "--fault", "pong-cut", "--exclude", "sizes/*", *reports, "--report", "github")
    check(player.returncode == 1, "the suite against a defect", player.stderr)
    result = all_there(folder, "the suite", ["ping/payload-125"])
    fails = result["summary"]["fail"]
    counts = reads("the suite", read_junit, folder / "r.xml")
    check(counts == {"tests": result["summary"]["total"], "failures": fails, "errors": 0}, "JUnit counts the same", counts)
    points = reads("the suite", read_tap, (folder / "r.tap").read_text())
    check(points["not ok"] == fails and not points["bail"], "TAP counts the same", points)
    check(len(re.findall(r"^::error title=FAIL ", player.stdout, re.M)) == fails, "GitHub gets an annotation for each")
    index = reads("the suite", read_autobahn, folder / "autobahn")
    aliases = {case["alias"]: case["verdict"] for case in result["cases"] if case["alias"]}
    words = {"PASS": "OK", "NON_STRICT": "NON-STRICT", "INFO": "INFORMATIONAL", "FAIL": "FAILED"}
    [(agent, entries)] = index.items()
    check({case: entry["behavior"] for case, entry in entries.items()} ==
          {case: words.get(verdict, verdict) for case, verdict in aliases.items()} and len(aliases) > 240,
          f"Autobahn's index has the {len(aliases)} cases with an id, of {agent}")
    check(entries["2.4"]["behavior"] == "FAILED" and entries["1.1.1"]["remoteCloseCode"] == 1000, "with its words", entries["2.4"])
    return folder / "r.json"


def report_command(work, bad):
    good = work / "good.json"
    run("test", "--sim", "--exclude", "sizes/*", "--json", good)
    for i in 1, 2:
        run("test", "--sim", "--case", "ping/*", "--case", "close/*", "--shard", f"{i}/2", "--json", work / f"shard{i}.json")
    merged = run("report", "merge", work / "shard1.json", work / "shard2.json", "--out", work / "merged.json")
    check(merged.returncode == 0, "report merge", merged.stderr)
    parts = {case: verdict for case, verdict in verdicts(json.loads(good.read_text())).items() if re.match("(ping|close)/", case)}
    check(verdicts(is_result(work / "merged.json", "merged")) == parts and len(parts) > 50, "two shards merged are the whole")
    same = run("report", "json", good)
    check(same.stdout == good.read_text(), "report json gives back what it read")
    diff = run("report", "diff", good, bad)
    check(diff.returncode == 1 and re.search(r"^worse   ping/payload-125: PASS -> FAIL: ", diff.stdout, re.M),
          "report diff: worse is exit 1", diff.stdout[:500])
    diff = run("report", "diff", bad, good)
    check(diff.returncode == 0 and "better  ping/payload-125: FAIL -> PASS\n" in diff.stdout and
          diff.stdout.endswith(" as before\n"), "report diff: better is exit 0", diff.stdout[:500])
    several = run("report", "json", good, bad)
    (work / "several.json").write_text(several.stdout)
    check(len(is_result(work / "several.json", "several")["runs"]) == 2, "two runs stand side by side")
    for word in "text", "junit", "tap", "html", "github", "sarif":
        check(run("report", word, bad).stdout != "", f"report {word} prints")
    check(run("report", "autobahn", bad).returncode == 2, "report autobahn wants a folder")
    (work / "cut.json").write_bytes(good.read_bytes()[:100000])
    cut = run("report", "text", work / "cut.json")
    check(cut.returncode == 2 and cut.stderr.count("\n") == 1 and "was it cut short?" in cut.stderr, "a truncated file", cut.stderr)
    words = run("report", "nosuch", good).stderr.split("there are ")[1].strip().split(", ")
    told = " ".join(run("help", "test").stdout.split())
    check(len(words) > 6 and all(f"{word}=" in told or word == "github" for word in words), "--help names every format", words)


# ---- the page ----

def page(work, good, bad):
    """Hostile text and a few thousand cases, in a real browser."""
    hostile = json.loads(bad.read_text())
    evil = "</script><img src=x onerror='window.hacked=1'><svg onload=window.hacked=1>\u0001\u001b[2J\u202e{{script}}<!--"
    hostile["testee"]["agent"] = evil
    victim = next(case for case in hostile["cases"] if case["verdict"] == "FAIL")
    for key in "title", "detail", "expected", "seen", "replay", "source":
        victim[key] = f"{key} {evil}"
    victim["stderr"] = evil
    for event in victim["events"]:
        if "bytes" in event:
            event["bytes"] = evil.encode().hex()
            event["size"] = len(evil.encode())
        event["text"] = evil
    figure = {"title": evil, "x_unit": "s", "y_unit": evil, "series": [
        {"kind": kind, "name": evil, "left_out": 1,
         "points": [{"x": n / 10, "y": n % 7 + 1, "label": evil, **({"until": n / 10 + 0.05} if kind == "spans" else {})}
                    for n in range(40)]} for kind in ("line", "bars", "marks", "spans")]}
    hostile["figures"] = victim["figures"] = [figure]
    (work / "hostile.json").write_text(json.dumps(hostile))
    one = hostile["cases"][0]
    many = json.loads(good.read_text())
    many["cases"] = [{**one, "id": f"many/{n}", "section": f"part{n // 500}", "alias": ""} for n in range(4000)]
    many["planned"] = many["summary"]["total"] = 4000
    (work / "many.json").write_text(json.dumps(many))
    for name, files in ("hostile", ["hostile.json"]), ("several", [good, bad, good]), ("many", ["many.json"]):
        made = run("report", "html", *(work / file for file in files), "--out", work / name)
        check(made.returncode == 0, f"the page of {name}", made.stderr)
    packages()
    browser = subprocess.run(["node", root / "tests/e2e/page.js", work, victim["id"]], capture_output=True, text=True)
    for line in browser.stdout.splitlines():
        check(line.startswith("ok "), line.split(" ", 1)[-1] if line.startswith("ok ") else line.removeprefix("not ok "))
    check(browser.returncode == 0 and browser.stdout.count("ok ") > 20, "the browser ran to its end", browser.stderr)


work = own_folder("reports")
killed(work)
gone(work)
five_under_way(work)
interrupted(work)
full_disk(work)
unwritable(work)
bad = formats(work)
report_command(work, bad)
page(work, work / "good.json", bad)
end("reports")
