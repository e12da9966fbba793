#!/usr/bin/env python3
"""Checks that the repository speaks of onput alone.

    check_text.py [repository]

No file names folders of the machine that it was written on or says who or what wrote it, and no
comment counts on the numbers of an issue tracker.
"""

import os
import re

import sources

# In pieces, so that this file passes its own check.
FORBIDDEN = [
    r"(?<![\w.])/" + r"work/",
    r"(?<![\w.$}])/" + r"home/(?!onput\b)\w+",
    r"/tmp/" + r"b-\w",
    r"\b[Aa]s an " + r"AI\b",
    r"\blanguage " + r"model\b",
    r"\b(" + "|".join(["Chat" + "GPT", "Clau" + "de", "Copi" + "lot", "Anth" + "ropic"]) + r")\b",
    r"[Cc]o-authored" + r"-by",
    r"[Gg]enerated " + r"(with|by) an? (AI|LLM)\b",
]
PATTERN = re.compile("|".join(FORBIDDEN))
ISSUE = re.compile(r"(?<![\w&#/])#\d+\b(?![.)]\w)")
HASH_COMMENTS = (".py", ".sh", ".cmake", ".yml", ".yaml", ".toml", "CMakeLists.txt", "Dockerfile")


def is_text(root, path):
    with open(os.path.join(root, path), "rb") as source:
        return b"\0" not in source.read(8192)


def comments_of(path, text):
    if path.endswith((".c", ".h", ".def")):
        return sources.comments(text)
    if path.endswith(HASH_COMMENTS):
        lines = enumerate(text.split("\n"), 1)
        return [(n, m[1]) for n, line in lines if (m := re.search(r"(?:^|\s)#(\s.*)", line))]
    return []


def check_file(root, path):
    text = sources.read(root, path)
    for m in PATTERN.finditer(text):
        yield f"{path}:{sources.line_of(text, m.start())}: \"{m[0]}\" does not belong here"
    for line, comment in comments_of(path, text):
        for m in ISSUE.finditer(comment):
            yield f"{path}:{line + comment.count(chr(10), 0, m.start())}: an issue number, {m[0]}"


def main():
    root = sources.repository()
    paths = [path for path in sources.files_below(root, ["."], ("",)) if is_text(root, path)]
    faults = [fault for path in paths for fault in check_file(root, path)]
    sources.finish(faults, f"{len(paths)} files")


main()
