#!/usr/bin/env python3
"""Socket.IO as a person plays it: the cases against the built-in peer, against npm socket.io 4 and 2, and against real
clients; what fails is held against tests/peers/socketio_*.known. Then the command line around it.

    tests/e2e/socketio.py
Ends with `socketio: N passed, N failed`.
"""
import concurrent.futures
import json

from checks import check, end, own_folder, packages, peers, root, run

work = own_folder("socketio")
SERVERS = {"socket.io 4": ("socketio_4", "4", ""), "socket.io 2": ("socketio_2", "3", "2")}
CLIENTS = {"socket.io-client 4": ("4", None), "socket.io-client 2": ("2", None), "weapp.socket.io": ("weapp", "socketio_weapp_client")}


def known(name):
    if name is None:
        return set()
    lines = (peers / f"{name}.known").read_text().splitlines()
    return {line.split("\t")[0] for line in lines if line and not line.startswith("#")}


def play(name, *words):
    report = work / (name.replace(" ", "-") + ".json")
    done = run("test", "--socketio", *words, "--json", report, cwd=root)
    cases = json.loads(report.read_text())["cases"] if report.exists() else []
    return done, cases


def tell(name, done, cases, failing, least):
    """One check: every case ran, nothing fails but what is known to, and that did."""
    failed = {c["id"] for c in cases if c["verdict"] in ("FAIL", "ERROR")}
    passed = sum(c["verdict"] == "PASS" for c in cases)
    check(failed == failing and passed >= least,
          f"{name}: {len(cases)} cases, {passed} pass, {len(failed)} known to fail",
          f"{sorted(failed ^ failing)}\n{done.stdout[-3000:]}{done.stderr}")


def server(name):
    file, eio, version = SERVERS[name]
    done, cases = play(name, "--eio", eio, "--exec", f"exec node {peers}/socketio_server.js {{port}} {version}",
                       "--baseline", peers / f"{file}.known")
    tell(name, done, cases, known(file), 70)
    check(done.returncode == 0, f"{name}: with its baseline the run is green", done.stdout[-2000:] + done.stderr)


def client(name):
    which, file = CLIENTS[name]
    done, cases = play(name, "--listen", "0", "--exec", f"exec node {peers}/clients/socketio_app.js {{url}} {which}")
    tell(name, done, cases, known(file), 20)


def built_in():
    for words in ([], ["--sim"], ["--eio", "3"], ["--tls"], ["--jobs", "1", "--sim", "--eio", "3"]):
        done, cases = play("built-in" + "".join(words), *words)
        tell("the built-in peer " + " ".join(words), done, cases, set(), 70)
    done = run("test", "--socketio", "--fault", "ack-twice", "--case", "socketio/ack/*")
    check(done.returncode == 1 and "that nobody asked for" in done.stdout, "a defect is caught, and told by its sentence",
          done.stdout)
    first, second = (run("test", "--socketio", "--sim", "--seed", "7", "--trace", "-v", "--case", "socketio/binary/*").stdout
                     for _ in range(2))
    check(first == second and "451-" in first, "in the simulation one seed is one run", first[:500])


def around():
    listed = run("list", "--socketio").stdout.splitlines()
    check(len(listed) >= 140 and all(l.startswith("socketio/") for l in listed), "list --socketio has them all", listed[:3])
    check("socketio/" not in run("list").stdout, "the conformance suite has none of them")
    faults = run("echo", "--socketio", "--fault", "list").stdout.splitlines()
    check(len(faults) >= 100, "echo --socketio --fault list", faults[:3])
    for words, wanted in ((["test", "--socketio", "--fault", "ack-twise"], "did you mean 'ack-twice'"),
                          (["test", "--socketio", "--case", "nothing/*"], "list --socketio"),
                          (["test", "--eio", "5"], "--eio"),
                          (["test", "--eio", "3"], "--socketio"), (["test", "--listen", "0"], "--socketio")):
        done = run(*words)
        check(done.returncode == 2 and wanted in done.stderr and done.stderr.count("\n") == 1,
              " ".join(words) + ": one line with the mend", done.stderr)
    story = work / "story.wsg"
    story.write_text('scenario "a story"\n  open socketio\n  send socketio connect\n  expect socketio connect\n'
                     '  send socketio event "echo" \'"x"\' ack 1\n  expect socketio ack 1 \'"y"\'\n')
    done = run("run", "--socketio", story)
    check(done.returncode == 1 and "its data are others" in done.stdout and '31[\\"x\\"]' in done.stdout,
          "a story of one's own; what differs is told", done.stdout)
    done = run("run", story, "--sim")
    check(done.returncode == 1 and "does not begin with an open packet" in done.stdout,
          "an echo server that speaks no Socket.IO is told as such", done.stdout)


packages()
packages(peers / "clients")
with concurrent.futures.ThreadPoolExecutor(3) as pool:
    for job in [pool.submit(server, name) for name in SERVERS] + [pool.submit(client, name) for name in CLIENTS]:
        job.result()
built_in()
around()
end("socketio")
