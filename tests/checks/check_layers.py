#!/usr/bin/env python3
"""Checks that no folder of src/ reaches into one above it.

    check_layers.py [repository] [program...]

The USES lines in src/<folder>/CMakeLists.txt say what a folder may see, transitively. Each header in
include/onput/ belongs to a folder (OWNERS); a folder includes only what belongs to itself or to one
that it uses, and so does each of its headers. USES lines go to the same level or down (LEVELS) and
never in a circle. Some libraries have one user only (LIBRARIES). With the paths of onput-worker and
onput-runner, what those programs are linked with is looked at, too.
"""

import os
import re
import subprocess
import sys

import sources

LEVELS = [
    {"base"},
    {"config", "httpserver", "httpclient", "ipc", "db", "packages", "thumbnail"},
    {"events", "policy", "worker", "runner"},
    {"functions", "queue", "aws", "storage"},
    {"workerpool", "runtime"},
    {"executors", "scheduler", "intake", "invoker", "pollers"},
    {"api", "lambda", "devstore"},
    {"daemon", "cli"},
]
# The sandboxed side sees nothing else, whatever its USES line says.
ONLY = {
    "thumbnail": {"base", "ipc"},
    "worker": {"base", "ipc", "thumbnail"},
    "runner": {"base", "ipc"},
}

OWNERS = {
    "base": "arena attributes banned buffer clock encoding error fd hash http_header json log memory metrics"
    " process_tree rendition text",
    "config": "config",
    "httpserver": "http_server",
    "httpclient": "http_client",
    "ipc": "ipc_frame runner_protocol worker_protocol",
    "db": "db",
    "events": "event event_decode event_unwrap",
    "policy": "policy",
    "packages": "package_store",
    "functions": "catalog function_row registry start_command",
    "queue": "invocation queue",
    "aws": "credentials sigv4 xml_read",
    "storage": "storage",
    "workerpool": "worker_pool",
    # executor.h is the seam between folders that do not know each other.
    "runtime": "executor runtime",
    "scheduler": "executor scheduler",
    "executors": "builtin executor executors thumbnail_job custom_job",
    "invoker": "executor invoker",
    "intake": "intake",
    "pollers": "pollers",
    "api": "api",
    "lambda": "lambda",
    "devstore": "devstore",
    "thumbnail": "thumbnail",
    "worker": "worker",
    "runner": "runner",
    "daemon": "daemon",
    "cli": "cli",
}

LIBRARIES = {
    "curl/": {"httpclient"},
    "expat.h": {"aws"},
    "microhttpd.h": {"httpserver"},
    "seccomp.h": {"worker"},
    "sqlite3.h": {"db", "queue", "cli"},
    "vips/": {"thumbnail"},
    "yaml.h": {"config"},
    "zip.h": {"packages"},
}
MAY_NOT_LINK = re.compile(r"lib(curl|sqlite3|microhttpd|yaml|expat|zip)")
RUNNER_MAY_NOT_LINK = re.compile(r"lib(?!c\.|asan|ubsan|tsan|gcc_s|m\.)")
USES = re.compile(r"\bonput_(?:module|program)\s*\(([^)]*)\)")
KEYWORDS = {"SOURCES", "USES", "LINK"}


def uses_of(root, folder):
    """The names behind USES in all calls of one list file."""
    text = re.sub(r"#.*", "", sources.read(root, f"src/{folder}/CMakeLists.txt"))
    used = set()
    for call in USES.finditer(text):
        keyword = None
        for word in call[1].split():
            keyword = word if word in KEYWORDS else keyword
            if keyword == "USES" and word != "USES":
                used.add(word)
    return used


def closure(uses, folder, above=()):
    """Everything that a folder may see, itself included. Raises ValueError at a circle."""
    if folder in above:
        raise ValueError(" -> ".join([*above[above.index(folder) :], folder]))
    seen = {folder}
    for used in uses.get(folder, ()):
        seen |= closure(uses, used, (*above, folder))
    return seen


def level_of(folder):
    return next((i for i, level in enumerate(LEVELS) if folder in level), None)


def uses_faults(folder, used):
    where = f"src/{folder}/CMakeLists.txt"
    if level_of(folder) is None:
        yield f"{where}: the folder has no place in LEVELS of check_layers.py"
        return
    for name in sorted(used):
        if level_of(name) is None:
            yield f"{where}: uses {name}, which is no folder of src/"
        elif level_of(name) > level_of(folder):
            yield f"{where}: uses {name}, which is above it"
        elif folder in ONLY and name not in ONLY[folder]:
            yield f"{where}: uses {name}, but may use only {', '.join(sorted(ONLY[folder]))}"


def owners_of(header):
    return {folder for folder, names in OWNERS.items() if header in names.split()}


def includes(root, path):
    text = sources.without_comments(sources.read(root, path))
    for m in re.finditer(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', text, re.MULTILINE):
        yield f"{path}:{sources.line_of(text, m.start(2))}", m[1] == "<", m[2]


def public_fault(where, name, visible):
    header = re.sub(r"\.h$", "", os.path.basename(name))
    owners = owners_of(header)
    if name.endswith(".def") or owners & visible:
        return []
    if not owners:
        return [f"{where}: {name} has no row in OWNERS of check_layers.py"]
    return [f"{where}: {name} belongs to {' and '.join(sorted(owners))}, which is not used here"]


def source_faults(root, folder, visible):
    endings = (".c", ".h", ".def")
    own = sources.files_below(root, [f"src/{folder}"], endings)
    for path in own:
        for where, is_system, name in includes(root, path):
            if is_system:
                library = next((key for key in LIBRARIES if name.startswith(key)), None)
                if library and folder not in LIBRARIES[library]:
                    yield f"{where}: <{name}> is for {', '.join(sorted(LIBRARIES[library]))} only"
            elif name.startswith("onput/"):
                yield from public_fault(where, name, visible)
            elif f"src/{folder}/{name}" not in own:
                yield f"{where}: {name} is no header of src/{folder}"


def header_faults(root, visible_of):
    for path in sources.files_below(root, ["include/onput"], (".h",)):
        header = re.sub(r"\.h$", "", os.path.basename(path))
        owners = owners_of(header)
        if not owners:
            yield f"{path}: has no row in OWNERS of check_layers.py"
        # Without a folder in src/ yet, nothing says what its header may include.
        visible = [visible_of[owner] for owner in owners if owner in visible_of]
        for where, is_system, name in includes(root, path):
            if visible and not is_system:
                yield from public_fault(where, name, set.union(*visible))


def program_faults(program):
    result = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", result.stdout)
    is_runner = os.path.basename(program) == "onput-runner"
    forbidden = RUNNER_MAY_NOT_LINK if is_runner else MAY_NOT_LINK
    return [f"{program}: is linked with {name}" for name in needed if forbidden.match(name)]


def main():
    root = sources.repository()
    folders = sorted(
        name
        for name in os.listdir(os.path.join(root, "src"))
        if os.path.exists(os.path.join(root, "src", name, "CMakeLists.txt"))
    )
    uses = {folder: uses_of(root, folder) for folder in folders}
    faults = []
    visible_of = {}
    for folder in folders:
        faults += uses_faults(folder, uses[folder])
        try:
            visible_of[folder] = closure(uses, folder)
        except ValueError as circle:
            faults.append(f"src/{folder}/CMakeLists.txt: uses itself: {circle}")
            continue
        faults += source_faults(root, folder, visible_of[folder])
    faults += header_faults(root, visible_of)
    for program in filter(os.path.exists, sys.argv[2:]):
        faults += program_faults(program)
    sources.finish(faults, f"{len(folders)} folders")


main()
