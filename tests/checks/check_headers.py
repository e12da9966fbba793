#!/usr/bin/env python3
"""Checks that every header compiles alone and twice, with each compiler that is there.

    check_headers.py [repository]
"""

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import sources

COMPILERS = ["gcc", "clang"]
PACKAGES = "json-c libcrypto libmicrohttpd libcurl sqlite3 yaml-0.1 expat libseccomp vips".split()
FLAGS = (
    "-std=gnu17 -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -Werror -Wundef -Wstrict-prototypes"
    " -Wno-unused-macros -Wno-missing-field-initializers -x c -"
).split()


def package_flags():
    flags = []
    for package in PACKAGES:
        found = subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True)
        flags += found.stdout.split() if found.returncode == 0 else []
    return flags


def compile_alone(root, header, compiler, extra):
    folder = os.path.dirname(header)
    name = re.sub(r"^include/", "", header) if header.startswith("include/") else header
    include = f'#include "{name if header.startswith("include/") else os.path.basename(header)}"\n'
    command = [compiler, "-include", os.path.join(root, "include/onput/banned.h")]
    command += ["-I", os.path.join(root, "include"), "-I", os.path.join(root, folder)]
    result = subprocess.run(
        command + extra + FLAGS, input=include * 2, capture_output=True, text=True
    )
    if result.returncode == 0:
        return []
    reason = next((line for line in result.stderr.split("\n") if "error" in line), result.stderr)
    return [f"{header}: does not compile alone with {compiler}: {reason.strip()}"]


def main():
    root = sources.repository()
    headers = sources.files_below(root, ["include/onput", "src"], (".h",))
    compilers = [name for name in COMPILERS if shutil.which(name)]
    extra = package_flags()
    if not compilers:
        sources.finish([f"none of {', '.join(COMPILERS)} is installed"], "")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [
            pool.submit(compile_alone, root, header, compiler, extra)
            for header in headers
            for compiler in compilers
        ]
    faults = [fault for job in jobs for fault in job.result()]
    sources.finish(faults, f"{len(headers)} headers with {' and '.join(compilers)}")


main()
