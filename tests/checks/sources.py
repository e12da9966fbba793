"""What the checks share: walking over the repository and a small scanner of C."""

import os
import re
import sys
from dataclasses import dataclass

SKIPPED_FOLDERS = {".git", ".cache", ".venv", "__pycache__", "build", "node_modules"}
TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL
)
NOT_FUNCTIONS = {"if", "for", "while", "switch", "return", "sizeof", "defined"}


def repository():
    """The folder given as the first argument, or the one that holds this script."""
    if len(sys.argv) > 1:
        return sys.argv[1]
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def files_below(root, folders, endings):
    """Relative paths, sorted."""
    found = []
    for folder in folders:
        for where, inner, names in os.walk(os.path.join(root, folder)):
            inner[:] = [name for name in inner if name not in SKIPPED_FOLDERS]
            found += [
                os.path.relpath(os.path.join(where, name), root)
                for name in names
                if name.endswith(endings)
            ]
    return sorted(set(found))


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as source:
        return source.read()


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    """Comments become spaces, so that every line stays where it is."""
    return TOKEN.sub(lambda m: blank(m[0]) if m[0][0] == "/" else m[0], text)


def only_code(text):
    """Comments, strings and preprocessor lines become spaces."""
    code = TOKEN.sub(lambda m: blank(m[0]), text)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: blank(m[0]), code, flags=re.MULTILINE)


def comments(text):
    """Pairs of line number and comment."""
    return [(line_of(text, m.start()), m[0]) for m in TOKEN.finditer(text) if m[0][0] == "/"]


@dataclass
class Function:
    name: str
    line: int
    length: int
    body: str


def block_end(code, start):
    """Offset of the brace that closes the one at `start`."""
    depth = 0
    for m in re.compile(r"[{}]").finditer(code, start):
        depth += 1 if m[0] == "{" else -1
        if depth == 0:
            return m.start()
    return len(code) - 1


def function_name(head):
    """Name of the function that a '{' at file level opens, or None: head is what stands before."""
    m = re.search(r"([A-Za-z_]\w*)\s*\((?:[^()]|\([^()]*\))*\)\s*$", head)
    if m is None or m[1] in NOT_FUNCTIONS or re.search(r"=\s*$", head):
        return None
    return m[1]


def functions(text):
    """All functions of a C file; a length counts from the line of the name to the closing brace."""
    code = only_code(text)
    found = []
    at = 0
    while (start := code.find("{", at)) >= 0:
        end = block_end(code, start)
        head = code[max(code.rfind(";", 0, start), code.rfind("}", 0, start)) + 1 : start]
        name = function_name(head)
        if name is not None:
            line = line_of(code, start - len(head) + re.search(rf"\b{name}\s*\(", head).start())
            found.append(Function(name, line, line_of(code, end) - line + 1, code[start : end + 1]))
        at = end + 1
    return found


def finish(faults, summary):
    """Prints what was found and ends the check."""
    for fault in faults:
        print(fault)
    print(summary if not faults else f"{len(faults)} faults")
    sys.exit(1 if faults else 0)
