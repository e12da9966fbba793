#!/usr/bin/env python3
"""Checks that every sample picture may be shipped, is small enough, and has an expectation.

    check_fixtures.py [repository]

Prints one line for each fault and exits 1 if there is any.
"""

import json
import os
import re
import sys

PHOTO_LIMIT = 15 << 20
ODD_LIMIT = 600 * 1000
HOSTILE_LIMIT = 900 * 1000
LICENCE = re.compile(r"^(CC0-1\.0|CC-BY-\d\.\d|CC-BY-SA-\d\.\d|public domain)$")
ODD_KEYS = {
    "format",
    "width",
    "height",
    "orientation",
    "has_alpha",
    "pages",
    "mean",
    "tolerance",
    "note",
}
REASONS = {"unsupported", "truncated", "too_large", "too_many_frames", "corrupt"}
EXPECTATIONS = "expected.json"


def files_of(folder):
    return {
        name: os.path.getsize(os.path.join(folder, name))
        for name in os.listdir(folder)
        if name != EXPECTATIONS
    }


def photo_rows(readme):
    """File name -> cells, for each row of the table of photographs."""
    with open(readme, encoding="utf-8") as source:
        section = source.read().partition("\n## Photographs\n")[2].partition("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("|\n ").split("|")]
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    return {row[0].strip("`"): row for row in cells}


def check_size(what, sizes, limit):
    total = sum(sizes.values())
    return (
        [f"{what}: {total} bytes in all, {total - limit} more than the limit of {limit}"]
        if total > limit
        else []
    )


def check_photos(root):
    folder = os.path.join(root, "fixtures", "images", "photos")
    sizes, rows = files_of(folder), photo_rows(os.path.join(root, "fixtures", "README.md"))
    faults = check_size("photos", sizes, PHOTO_LIMIT)
    faults += [
        f"photos/{name}: not in the table of fixtures/README.md"
        for name in sorted(sizes.keys() - rows.keys())
    ]
    faults += [
        f"photos/{name}: in fixtures/README.md, but there is no such file"
        for name in sorted(rows.keys() - sizes.keys())
    ]
    for name, row in sorted(rows.items()):
        if len(row) != 6 or not all(row):
            faults.append(f"photos/{name}: its row in fixtures/README.md needs six filled cells")
        elif not LICENCE.match(row[3]):
            faults.append(f'photos/{name}: licence "{row[3]}" is not one that we ship')
    return faults


def read_expectations(path):
    def refuse_twins(pairs):
        names = [name for name, _ in pairs]
        twins = {name for name in names if names.count(name) > 1}
        if twins:
            raise ValueError(f"stated twice: {', '.join(sorted(twins))}")
        return dict(pairs)

    with open(path, encoding="utf-8") as source:
        return json.load(source, object_pairs_hook=refuse_twins)


def check_odd_entry(name, entry):
    missing = ODD_KEYS - entry.keys()
    return [f"odd/{name}: expectation lacks {', '.join(sorted(missing))}"] if missing else []


def check_hostile_entry(name, entry):
    if entry.get("outcome") == "ok":
        return []
    if entry.get("outcome") != "permanent":
        return [f"hostile/{name}: outcome \"{entry.get('outcome')}\" is neither permanent nor ok"]
    strange = {entry.get("reason"), *entry.get("also", [])} - REASONS
    return [f"hostile/{name}: unknown reason {', '.join(map(str, strange))}"] if strange else []


def check_pairs(root, kind, expectations, limit, check_entry):
    sizes = files_of(os.path.join(root, "fixtures", "images", kind))
    path = os.path.join(root, "fixtures", "images", *expectations)
    try:
        entries = read_expectations(path)
    except (OSError, ValueError) as fault:
        return [f"{path}: {fault}"]
    faults = check_size(kind, sizes, limit)
    faults += [f"{kind}/{name}: no expectation" for name in sorted(sizes.keys() - entries.keys())]
    faults += [
        f"{kind}/{name}: has an expectation, but there is no such file"
        for name in sorted(entries.keys() - sizes.keys())
    ]
    for name, entry in sorted(entries.items()):
        faults += check_entry(name, entry)
    return faults


def main():
    root = (
        sys.argv[1]
        if len(sys.argv) > 1
        else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    )
    faults = check_photos(root)
    faults += check_pairs(root, "odd", [EXPECTATIONS], ODD_LIMIT, check_odd_entry)
    faults += check_pairs(
        root, "hostile", ["hostile", EXPECTATIONS], HOSTILE_LIMIT, check_hostile_entry
    )
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
