#!/usr/bin/env bash
# Run onput against a real MinIO and a real Ceph RGW: install.sh, then pytest with the arguments given here.
# ONPUT_BIN names the program under test (default: the release build of this checkout).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${ONPUT_PEER_CACHE:-$HOME/.cache/onput-peers}
export ONPUT_BIN=${ONPUT_BIN:-$here/../../build/release/bin/onput}

if [ ! -x "$ONPUT_BIN" ]; then
    echo "peers: $ONPUT_BIN is missing: build onput first, or name it in ONPUT_BIN" >&2
    exit 1
fi
ONPUT_BIN=$(realpath "$ONPUT_BIN")
"$here/install.sh"
cd "$here"
exec "$cache/venv/bin/python" -B -m pytest -p no:cacheprovider -q --tb=short --timeout 180 "$@" .
