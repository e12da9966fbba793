#!/usr/bin/env bash
# Runs functions of users in their real runtimes: awslambdaric, aws-lambda-ric, aws-lambda-go, Rust's lambda_runtime, a
# shell with curl; and functions that nobody would want.
#
#     run.sh [pytest's arguments]      run.sh -k "photos and minio"
#
# ONPUT_BIN_DIR names the folder of onput's programs (default: build/release/bin). ONPUT_RUNTIME_CACHE is where the
# runtimes go: as root the functions are run by other users, who must be able to read it. The tests that need MinIO are
# left out where tests/peers/install.sh has not put one into ONPUT_PEER_CACHE.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../../..
# shellcheck source=../../peers/venv.sh
. "$root/tests/peers/venv.sh"
peers=${ONPUT_PEER_CACHE:-$HOME/.cache/onput-peers}
[ "$(id -u)" = 0 ] && cache=/var/cache/onput-peers || cache=$peers
cache=${ONPUT_RUNTIME_CACHE:-$cache}
rust_minimum=1.84

# Does the file $1 hold the checksums of the files as they are, and the program $2 run?
is_built() {
    [ -x "$2" ] && sha256sum --check --status "$1" 2>/dev/null
}

# Its client has a part in C++ around a libcurl of its own, which it builds: a minute or two, once.
install_javascript() {
    local lib=$cache/runtime-node
    command -v node >/dev/null || "$root/.ci/install" nodejs
    command -v npm >/dev/null || "$root/.ci/install" npm
    cmp -s "$here/node/package-lock.json" "$lib/package-lock.json" && [ -e "$lib/installed" ] && return 0
    "$root/.ci/install" autoconf automake libtool
    [ -e /usr/include/node/node.h ] || "$root/.ci/install" libnode-dev
    rm -rf "$lib"
    mkdir -p "$lib"
    cp "$here"/node/package*.json "$lib"
    (cd "$lib" && npm_config_nodedir=/usr npm ci --no-audit --no-fund --loglevel=error)
    touch "$lib/installed"
}

install_go() {
    local program=$cache/runtime-go/bootstrap
    cd "$here/functions/go"
    is_built "$program.sums" "$program" && return 0
    # shellcheck source=../../peers/go.sh
    . "$root/tests/peers/go.sh"
    find_go
    mkdir -p "$cache/runtime-go"
    GOTOOLCHAIN=local GOFLAGS="-buildvcs=false -mod=readonly" CGO_ENABLED=0 "$go" build -o "$program" .
    sha256sum -- * >"$program.sums"
}

# Debian's cargo is too old for the crate; without a newer one the tests of Rust are skipped and say so.
install_rust() {
    local program=$cache/runtime-rust/bootstrap have
    cd "$here/functions/rust"
    is_built "$program.sums" "$program" && return 0
    have=$(rustc --version 2>/dev/null | cut -d' ' -f2) || true
    command -v cargo >/dev/null && printf '%s\n%s\n' "$rust_minimum" "${have:-0}" | sort -C -V || return 0
    cargo build --quiet --locked --release --target-dir "$cache/runtime-rust/target"
    cp "$cache/runtime-rust/target/release/bootstrap" "$program"
    rm -rf "$cache/runtime-rust/target"
    sha256sum -- Cargo.* src/* >"$program.sums"
}

ONPUT_BIN_DIR=$(realpath "${ONPUT_BIN_DIR:-$root/build/release/bin}")
export ONPUT_BIN_DIR ONPUT_PEER_CACHE="$peers" ONPUT_RUNTIME_CACHE="$cache"
umask 022
mkdir -p "$cache"
"$root/.ci/install" curl
make_venv "$cache/runtime-venv" "$here/requirements.txt"
(install_javascript)
(install_go)
(install_rust)
cd "$here"
exec "$cache/runtime-venv/bin/python" -B -m pytest -p no:cacheprovider -q --tb=short --timeout 300 "$@"
