#!/usr/bin/env python3
"""The table of options in README.md is what the program knows.

    check_readme_options.py PROGRAM README [--write]

PROGRAM prints the table. It stands in the README between the lines <!-- options --> and
<!-- /options -->. With --write it is put there.
"""

import difflib
import pathlib
import subprocess
import sys

BEGIN = "<!-- options -->\n"
END = "<!-- /options -->\n"


def main(program, readme, write=False):
    path = pathlib.Path(readme)
    content = path.read_text(encoding="utf-8")
    if content.count(BEGIN) != 1 or content.count(END) != 1:
        return f"{readme}: the lines {BEGIN.strip()} and {END.strip()} must stand there once"
    head, rest = content.split(BEGIN)
    present, tail = rest.split(END)
    wanted = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    if write:
        path.write_text(head + BEGIN + wanted + END + tail, encoding="utf-8")
        return 0
    if present == wanted:
        return 0
    sys.stdout.writelines(
        difflib.unified_diff(present.splitlines(True), wanted.splitlines(True), readme, program)
    )
    return f"{readme}: the table of options is old; run {sys.argv[0]} {program} {readme} --write"


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[3:] not in ([], ["--write"]):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], write=len(sys.argv) == 4))
