#!/usr/bin/env bash
# Drives the Lambda API with boto3, the AWS CLI and the SDKs for JavaScript and Go.
#
#     run.sh [pytest's arguments]      run.sh -k "Alias and weights"
#
# ONPUT_BIN_DIR names the folder of onput's programs (default: build/release/bin), ONPUT_PEER_CACHE where the clients go.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../../..
# shellcheck source=../../peers/venv.sh
. "$root/tests/peers/venv.sh"
cache=${ONPUT_PEER_CACHE:-$HOME/.cache/onput-peers}

# Any node from 18 on, as Debian's. One that came from elsewhere brings its own npm.
install_javascript() {
    local lib=$cache/lambda-js
    command -v node >/dev/null || "$root/.ci/install" nodejs
    command -v npm >/dev/null || "$root/.ci/install" npm
    cmp -s "$here/sdk_js/package-lock.json" "$lib/package-lock.json" && [ -e "$lib/installed" ] && return 0
    rm -rf "$lib"
    mkdir -p "$lib"
    cp "$here"/sdk_js/package*.json "$lib"
    (cd "$lib" && npm ci --no-audit --no-fund --loglevel=error)
    touch "$lib/installed"
}

# Builds the Go client when one of its files changed.
install_go() {
    local program=$cache/bin/lambda-smoke-go
    cd "$here/sdk_go"
    [ -x "$program" ] && sha256sum --check --status "$program.sums" 2>/dev/null && return 0
    # shellcheck source=../../peers/go.sh
    . "$root/tests/peers/go.sh"
    find_go
    mkdir -p "$cache/bin"
    GOTOOLCHAIN=local GOFLAGS="-buildvcs=false -mod=readonly" CGO_ENABLED=0 "$go" build -o "$program" .
    sha256sum -- * >"$program.sums"
}

ONPUT_BIN_DIR=$(realpath "${ONPUT_BIN_DIR:-$root/build/release/bin}")
export ONPUT_BIN_DIR ONPUT_PEER_CACHE="$cache"
"$root/.ci/install" awscli
make_venv "$cache/lambda-venv" "$here/requirements.txt"
install_javascript
install_go
cd "$here"
exec "$cache/lambda-venv/bin/python" -B -m pytest -p no:cacheprovider -q --tb=short "$@"
