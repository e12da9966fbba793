#!/usr/bin/env bash
# Install what the peer tests need, once: Ceph and the AWS CLI from Debian, boto3 and pytest from PyPI,
# MinIO from its source with Go's own client. What is there already is left alone.
# Downloads and programs go to ONPUT_PEER_CACHE (default: ~/.cache/onput-peers).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${ONPUT_PEER_CACHE:-$HOME/.cache/onput-peers}

minio_version=v0.0.0-20260212201848-7aac2a2c5b7c # the last commit before the project was archived
packages=(radosgw ceph-mon ceph-osd awscli python3-venv)

say() { printf 'peers: %s\n' "$*"; }
fail() { printf 'peers: %s\n' "$*" >&2; exit 1; }
# shellcheck source=go.sh
. "$here/go.sh"

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

install_packages() {
    local missing=()
    for package in "$@"; do
        installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing Debian packages: ${missing[*]}"
    command -v apt-get >/dev/null || fail "apt-get is missing: install ${missing[*]} by hand"
    local apt=(apt-get -o DPkg::Lock::Timeout=300)
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || fail "not root: install the Debian packages ${missing[*]} first"
        apt=(sudo "${apt[@]}")
    fi
    "${apt[@]}" -qq update
    DEBIAN_FRONTEND=noninteractive "${apt[@]}" -y -qq install --no-install-recommends "${missing[@]}" >/dev/null
}

install_python() {
    local stamp=$cache/venv/requirements.txt
    cmp -s "$here/requirements.txt" "$stamp" && return 0
    say "installing Python packages into $cache/venv"
    /usr/bin/python3 -m venv --clear "$cache/venv"
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$stamp"
}

install_minio() {
    local stamp=$cache/bin/minio.version
    [ "$(cat "$stamp" 2>/dev/null)" = "$minio_version" ] && [ -x "$cache/bin/minio" ] && return 0
    find_go
    say "building MinIO $minio_version with $("$go" env GOVERSION); this takes minutes, once"
    mkdir -p "$cache/bin"
    GOBIN=$cache/bin GOTOOLCHAIN=local GOFLAGS=-buildvcs=false CGO_ENABLED=0 \
        "$go" install "github.com/minio/minio@$minio_version"
    printf '%s\n' "$minio_version" >"$stamp"
}

mkdir -p "$cache"
install_packages "${packages[@]}"
install_python
install_minio
say "everything is installed in $cache"
