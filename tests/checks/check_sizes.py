#!/usr/bin/env python3
"""Checks that functions and files stay small.

    check_sizes.py [repository]

No function is longer than 100 lines and no file longer than 600. Tests may take 900 lines, and their
main(), which is a list, any length. Prints the median and the 95th percentile of src/.
"""

import sources

FUNCTION_LIMIT = 100
FILE_LIMIT = 600
TEST_FILE_LIMIT = 900


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0


def check_file(root, path, faults, lengths):
    text = sources.read(root, path)
    is_test = path.startswith("tests")
    limit = TEST_FILE_LIMIT if is_test else FILE_LIMIT
    lines = text.count("\n")
    if lines > limit:
        faults.append(f"{path}: {lines} lines, more than {limit}")
    for function in sources.functions(text):
        if not is_test:
            lengths.append(function.length)
        if function.length > FUNCTION_LIMIT and not (is_test and function.name == "main"):
            faults.append(
                f"{path}:{function.line}: {function.name}() has {function.length} lines,"
                f" more than {FUNCTION_LIMIT}"
            )


def main():
    root = sources.repository()
    faults = []
    lengths = []
    paths = sources.files_below(root, ["src", "include", "tests"], (".c", ".h"))
    for path in paths:
        check_file(root, path, faults, lengths)
    print(
        f"{len(lengths)} functions in src: median {percentile(lengths, 0.5)} lines,"
        f" p95 {percentile(lengths, 0.95)}, longest {max(lengths, default=0)}"
    )
    sources.finish(faults, f"{len(paths)} files")


main()
