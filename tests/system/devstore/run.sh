#!/usr/bin/env bash
# Drives the embedded store with boto3, the AWS CLI and curl. ONPUT_BIN_DIR names the folder of the programs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${ONPUT_PEER_CACHE:-$HOME/.cache/onput-peers}/devstore-venv
requirements=$here/../requirements.txt
export ONPUT_BIN_DIR=${ONPUT_BIN_DIR:-$here/../../../build/release/bin}

# shellcheck source=../../peers/venv.sh
. "$here/../../peers/venv.sh"
"$here/../../../.ci/install" curl
make_venv "$cache" "$requirements"
ONPUT_BIN_DIR=$(realpath "$ONPUT_BIN_DIR")
cd "$here"
PATH=$cache/bin:$PATH exec "$cache/bin/python" -B -m pytest -p no:cacheprovider -q --tb=short "$@" .
