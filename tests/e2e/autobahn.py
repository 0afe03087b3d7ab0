#!/usr/bin/env python3
"""Plays the equivalents of Autobahn's 517 cases against real servers and holds each verdict against what Autobahn
found of the same server (tests/vectors/autobahn-verdicts.tsv). Where it is another on purpose, docs/autobahn.md says
so, in the table below "Measured". The files that we write in its form say the same of each Close (autobahn-close-codes.tsv).

    tests/e2e/autobahn.py [PEER...]        all by default
Ends with `autobahn: N passed, N failed`.
"""
import fnmatch
import json
import re
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


def close_codes(peer):
    """What the peer's Close said there, by case, where it was not 1000."""
    rows = [row.split("\t") for row in (root / "tests/vectors/autobahn-close-codes.tsv").read_text().splitlines()]
    return {case: None if code == "none" else int(code)
            for name, code, ids in (row for row in rows if len(row) == 3) if name == peer for case in ids.split()}


def files(peer, work):
    """Our files in Autobahn's form: the close code of each case, and what else they say of a connection."""
    folder = work / f"{peer}.autobahn"
    [(_, index)] = json.loads((folder / "index.json").read_text()).items()
    there = close_codes(peer)
    wrong = [f"{case}: {entry['remoteCloseCode']}, not {there.get(case, 1000)}" for case, entry in index.items()
             if entry["remoteCloseCode"] != there.get(case, 1000)]
    check(len(index) == CASES and not wrong, f"{peer}: each Close has the code that Autobahn saw", wrong[:20])
    whole = {case: json.loads((folder / entry["reportfile"]).read_text()) for case, entry in index.items()}
    wrong = [case for case, one in whole.items() if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["started"])]
    check(not wrong and len({one["started"] for one in whole.values()}) > 100, f"{peer}: each says when it began", wrong[:20])
    wrong = [case for case, one in whole.items() if one["failedByMe"] or one["wasOpenHandshakeTimeout"] or
             one["wasCloseHandshakeTimeout"] or one["wasServerConnectionDropTimeout"]]
    check(not wrong, f"{peer}: none was given up", wrong[:20])
    check(whole["1.1.1"]["expectedClose"] == {"closeCode": [1000], "closedByMe": True, "requireClean": True} and
          whole["3.1"]["expectedClose"] == {"closeCode": [1002], "closedByMe": False, "requireClean": False},
          f"{peer}: what is expected of the closing", [whole[case]["expectedClose"] for case in ("1.1.1", "3.1")])
    many = whole["9.3.1"]  # 65,536 fragments and an empty one: more than any trace keeps
    check(many["txFrameStats"].get("0") == 65536 and many["txFrameStats"].get("8") == 1 == many["rxFrameStats"].get("8") and
          many["closedByMe"] == (there.get("9.3.1", 1000) == 1000) and many["localCloseCode"] is not None,
          f"{peer}: the end of a long case is there, and its frames are counted",
          {key: many[key] for key in ("txFrameStats", "rxFrameStats", "closedByMe", "localCloseCode", "expectedClose")})


def play(peer, work):
    """The verdict of each case of Autobahn's."""
    report = work / f"{peer}.json"
    done = run("test", "--exec", PEERS[peer], "--case", "autobahn:*", "--seed", "0x57a1", "--color", "never",
               "--report", f"json={report},autobahn={work}/{peer}.autobahn")
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
    files(name, work)
end("autobahn")
