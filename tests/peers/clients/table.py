#!/usr/bin/env python3
"""Plays all checks against every client of this folder and writes docs/clients.md (`make clients`, a quarter of an hour).

Each client is played twice: by what any client should promise, and by its own profile. How it talks to a server
(Socket.IO's packets) comes from its profile in both.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parents[3]
program = os.environ.get("WSG", str(root / "wsgauntlet"))
page = root / "docs/clients.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"

# column, script, its own profile, environment
CLIENTS = [
    ("tutorial", "mini-program-naive", None, {}),
    ("tutorial, error only", "mini-program-naive", None, {"WX_FAILED_CONNECT": "error-only"}),
    ("LiveSocket", "mini-program", "mini-program", {}),
    ("weapp.socket.io", "weapp", "weapp.socket.io", {}),
    ("socket.io-client", "socketio", "socket.io-client", {}),
    ("reconnecting-websocket", "reconnecting-websocket", "reconnecting-websocket", {}),
    ("partysocket", "partysocket", "partysocket", {}),
    ("sockette", "sockette", "sockette", {}),
    ("robust-websocket", "robust-websocket", "robust-websocket", {}),
]
# Checks whose waits are shown, and how many of them.
WAITS = {"back/reset-twice": 2, "back/fin-twice": 2, "back/close-twice/1001": 2, "back/close-twice/1012": 2,
         "back/http-503": 4, "back/restart": 1, "pacing/growth": 6}
COUNTS = {"pacing/flap", "pacing/rejected/1002", "pacing/http-behind-101", "back/http-refused/401"}


def play(client, profiles):
    _, script, _, environment = client
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "result.json"
        command = [program, "resilience", "--exec", f"exec node tests/peers/clients/{script}.js {{url}}",
                   "--seed", "1", "--json", str(file)]
        for profile in profiles:
            command += ["--profile", profile]
        done = subprocess.run(command, cwd=root, check=False, stdout=subprocess.DEVNULL, env={**os.environ, **environment})
        if done.returncode not in (0, 1):
            sys.exit(f"{script}: no result, exit status {done.returncode}")
        result = json.loads(file.read_text())
        return result.get("runs", [result])[0]["cases"]


def waits(case):
    for figure in case.get("figures", []):
        if figure["title"] == "waits between connections":
            return [point["y"] for series in figure["series"] for point in series["points"]]
    return []


def cell(case):
    words = {"PASS": "yes", "INFO": "yes", "NON_STRICT": "nearly", "FAIL": "**no**", "ERROR": "error", "UNIMPLEMENTED": "–"}
    text = words[case["verdict"]]
    if case["verdict"] == "UNIMPLEMENTED":
        return text
    gaps = waits(case)
    if case["id"] in COUNTS:
        return f"{text} {len(gaps) + 1}"
    shown = WAITS.get(case["id"], 0)
    return f"{text} {', '.join(f'{gap:.2g}' if gap >= 0.05 else '0' for gap in gaps[:shown])}".rstrip()


def own_words(client, cases):
    if cases is None:
        return "–"
    played = [case for case in cases if case["verdict"] != "UNIMPLEMENTED"]
    broken = [case["id"] for case in played if case["verdict"] in ("FAIL", "ERROR")]
    kept = f"{len(played) - len(broken)} of {len(played)}"
    return kept if not broken else f"{kept}; not {', '.join(broken)}"


def write(results):
    names = [client[0] for client in CLIENTS]
    lines = ["| check | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    by_id = [{case["id"]: case for case in generic} for generic, _ in results]
    for case in results[0][0]:
        cells = [cell(generic[case["id"]]) for generic in by_id]
        if any(one != "–" for one in cells):
            lines.append(f"| `{case['id']}` {case['title']} | " + " | ".join(cells) + " |")
    lines += ["", "By its own profile, where it has one (checks that it passes, of those that are about a promise of it):", "",
              "| client | keeps |", "|---|---|"]
    lines += [f"| {client[0]} | {own_words(client, own)} |" for client, (_, own) in zip(CLIENTS, results) if own]
    text = page.read_text()
    page.write_text(text[:text.index(BEGIN) + len(BEGIN)] + "\n".join(lines) + "\n" + text[text.index(END):])


def both(client):
    own = [client[2]] if client[2] else []
    generic = play(client, [*own, "generic"])
    print(f"{client[0]}: {sum(case['verdict'] == 'FAIL' for case in generic)} checks fail", flush=True)
    return generic, play(client, own) if own else None


def main():
    if not (root / "tests/peers/clients/node_modules").is_dir():
        subprocess.run(["npm", "ci", "--prefix", str(root / "tests/peers/clients")], check=True)
    # Two at a time: each is 64 processes, which wait more than they work.
    with concurrent.futures.ThreadPoolExecutor(max_workers=int(sys.argv[1]) if len(sys.argv) > 1 else 2) as pool:
        write(list(pool.map(both, CLIENTS)))


main()
