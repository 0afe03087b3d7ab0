#!/usr/bin/env python3
"""Plays the equivalents of Autobahn's 517 cases against real servers and holds each verdict against what Autobahn
found of the same server (tests/vectors/autobahn-verdicts.tsv). Where it is another on purpose, docs/autobahn.md says
so, in the table below "Measured".

    tests/e2e/autobahn.py [PEER...]        all by default
Ends with `autobahn: N passed, N failed`.
"""
import fnmatch
import json
import sys

from checks import check, end, own_folder, packages, peers, root, run

CASES = 517
OURS = {"OK": "PASS", "NON-STRICT": "NON_STRICT", "INFORMATIONAL": "INFO", "FAILED": "FAIL", "UNIMPLEMENTED": "UNIMPLEMENTED"}
PEERS = {
    "ws": f"exec node {peers}/ws_server.js {{port}}",
    "websockets": f"exec /usr/bin/python3 {peers}/websockets_server.py {{port}}",
}

def reference(peer):
    """Autobahn's verdict on each case, in our words."""
    rows = (root / "tests/vectors/autobahn-verdicts.tsv").read_text().splitlines()
    rows = [row.split("\t") for row in rows if not row.startswith("#")][1:]
    return {case: OURS[behavior] for name, case, behavior, _ in rows if name == peer}


def differences(peer):
    """Rows of docs/autobahn.md: peer | ids | there | here | why, as (patterns, there, [here])."""
    text = (root / "docs/autobahn.md").read_text().split("## Measured", 1)[1].split("\n## ", 1)[0]
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]
    return [(ids.replace(",", " ").split(), there, here.split(" or "))
            for name, ids, there, here, _ in cells if name == peer]


def play(peer, work):
    """The verdict of each case of Autobahn's."""
    report = work / f"{peer}.json"
    done = run("test", "--exec", PEERS[peer], "--case", "autobahn:*", "--json", report, "--seed", "0x57a1", "--color", "never")
    verdicts = {c["id"]: c for c in json.loads(report.read_text())["cases"]} if report.exists() else {}
    listed = run("list", "--autobahn").stdout
    return done, {line.split()[0]: verdicts.get(line.split()[1]) for line in listed.splitlines()}


def compare(peer, work):
    done, cases = play(peer, work)
    missing = [i for i, case in cases.items() if case is None]
    check(len(cases) == CASES and not missing, f"{peer}: all {CASES} cases are played",
          [f"not played: {' '.join(missing[:20])}", *done.stderr.splitlines()])
    there, rows, used = reference(peer), differences(peer), set()
    wrong = []
    for i, case in cases.items():
        seen, expected = case["verdict"] if case else None, [there.get(i, "PASS")]
        for n, (patterns, theirs, ours) in enumerate(rows):
            if [theirs] == expected and any(fnmatch.fnmatch(i, pattern) for pattern in patterns):
                used.add(n)
                expected = ours
                break
        if case and seen not in expected:
            wrong.append(f"{i} ({case['id']}): {seen}, not {' or '.join(expected)}: expected {case['expected']}; seen {case['seen']}")
    wrong += [f"docs/autobahn.md: {rows[n]} is about no case" for n in range(len(rows)) if n not in used]
    check(not wrong, f"{peer}: each verdict is Autobahn's, or the one that docs/autobahn.md has for it", wrong)


packages()
work = own_folder("autobahn")
for name in sys.argv[1:] or PEERS:
    compare(name, work)
end("autobahn")
