#!/usr/bin/env python3
"""Reads an lcov file: a table of lines and branches by file, and what nothing reaches.

    fuzz/uncovered.py FILE LINES% BRANCHES%      exit status 1 below either
"""
import pathlib
import sys


def read(path):
    """{file: ({line: count}, {(line, block, branch): count})}, paths below the current folder."""
    files, here = {}, pathlib.Path.cwd()
    for record in pathlib.Path(path).read_text().splitlines():
        kind, _, rest = record.partition(":")
        if kind == "SF":
            name = pathlib.Path(rest)
            name = str(name.relative_to(here) if name.is_absolute() else name)
            lines, branches = files.setdefault(name, ({}, {}))
        elif kind == "DA":
            number, count = rest.split(",")[:2]
            lines[int(number)] = lines.get(int(number), 0) + int(count)
        elif kind == "BRDA":
            number, block, branch, count = rest.split(",")
            key = int(number), block, branch
            branches[key] = branches.get(key, 0) + (0 if count == "-" else int(count))
    return files


def percent(counts):
    return 100 * sum(c > 0 for c in counts) / len(counts) if counts else 100.0


def main(path, lines_goal, branches_goal):
    files = read(path)
    print(f"{'file':<32} {'lines':>6} {'':>7} {'branches':>8} {'':>7}")
    for name, (lines, branches) in sorted(files.items()):
        print(f"{name:<32} {len(lines):>6} {percent(lines.values()):>6.1f}% {len(branches):>8}"
              f" {percent(branches.values()):>6.1f}%")
    all_lines = [c for lines, _ in files.values() for c in lines.values()]
    all_branches = [c for _, branches in files.values() for c in branches.values()]
    print(f"{'all':<32} {len(all_lines):>6} {percent(all_lines):>6.1f}% {len(all_branches):>8}"
          f" {percent(all_branches):>6.1f}%")
    print("\nnever reached (a branch: its line, with how many of its ways are open):")
    for name, (lines, branches) in sorted(files.items()):
        text = pathlib.Path(name).read_text().splitlines()
        open_ways = {}
        for (number, _, _), count in branches.items():
            if count == 0 and lines.get(number, 1) > 0:
                open_ways[number] = open_ways.get(number, 0) + 1
        for number in sorted({n for n, c in lines.items() if c == 0} | set(open_ways)):
            ways = f"{open_ways[number]} of its ways" if number in open_ways else "line"
            print(f"  {name}:{number}: {ways}: {text[number - 1].strip()[:80]}")
    missed = percent(all_lines) < lines_goal or percent(all_branches) < branches_goal
    print(f"\ngoal: {lines_goal:g} % of lines, {branches_goal:g} % of branches: {'missed' if missed else 'met'}")
    return missed


sys.exit(main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
