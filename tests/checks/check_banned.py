#!/usr/bin/env python3
"""Checks what neither compiler says about a source file.

    check_banned.py [repository]

Nobody takes a name off the banned list, jumps backwards, uses tabs, leaves spaces at the end of a line,
writes more than 100 columns, or leaves a TODO without the number of an issue: TODO(12).
"""

import re

import sources

LIMIT = 100
BANNED_LIST = "include/onput/banned.h"
TODO = re.compile(r"\b(TODO|FIXME|XXX)\b(?!\(\d+\))")
# Rows of numbers are for no reader.
DATA = re.compile(r"^\s*((0x)?[0-9a-fA-F]+,\s*)+$")
SILENCED = re.compile(r"NOLINT|#\s*pragma\s+(GCC|clang)\s+diagnostic\s+ignored")


def banned_names(root):
    text = sources.read(root, BANNED_LIST)
    return set(re.findall(r"^#undef (\w+)", text, re.MULTILINE))


def line_faults(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        where = f"{path}:{number}"
        if "\t" in line:
            yield f"{where}: a tab"
        if line != line.rstrip():
            yield f"{where}: space at the end of the line"
        if len(line) > LIMIT and not DATA.match(line):
            yield f"{where}: {len(line)} columns, more than {LIMIT}"
        if TODO.search(line):
            yield f"{where}: a TODO without the number of an issue"
        if SILENCED.search(line):
            yield f"{where}: silences a tool"


def undef_faults(path, text, names):
    for m in re.finditer(r"^[ \t]*#[ \t]*undef[ \t]+(\w+)", text, re.MULTILINE):
        if m[1] in names:
            yield f"{path}:{sources.line_of(text, m.start())}: takes {m[1]} off the banned list"


def goto_faults(path, text):
    for function in sources.functions(text):
        for jump in re.finditer(r"\bgoto\s+(\w+)", function.body):
            label = re.search(rf"^\s*{jump[1]}\s*:", function.body[: jump.start()], re.MULTILINE)
            if label is not None:
                yield f"{path}:{function.line}: {function.name}() jumps back to {jump[1]}"


def main():
    root = sources.repository()
    names = banned_names(root)
    paths = sources.files_below(root, ["src", "include", "tests"], (".c", ".h"))
    faults = []
    for path in paths:
        text = sources.read(root, path)
        faults += line_faults(path, text)
        faults += goto_faults(path, text)
        if path != BANNED_LIST:
            faults += undef_faults(path, text, names)
    sources.finish(faults, f"{len(paths)} files, {len(names)} banned names")


main()
