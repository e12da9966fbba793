#!/usr/bin/env bash
# For other scripts to source: make_venv.

# Makes the virtual environment $1 with what the file $2 lists, unless it is there already. It is of Debian's python3,
# whatever else is on PATH: its files are everybody's to read.
make_venv() {
    cmp -s "$2" "$1/requirements.txt" && return 0
    "$(dirname "${BASH_SOURCE[0]}")/../../.ci/install" python3-venv
    /usr/bin/python3 -m venv --clear "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check -r "$2"
    cp "$2" "$1/requirements.txt"
}
