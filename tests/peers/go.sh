#!/usr/bin/env bash
# For other scripts to source: find_go, a Go that builds what today's modules need. Needs $cache, a folder for downloads.

go_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
go_minimum=1.24
go_release=1.24.8
old_go=golang-1.19-go # of Debian 12: too old, but able to download a newer one

# Is the go program $1 at least go_minimum?
new_enough() {
    local have
    have=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
    printf '%s\n%s\n' "$go_minimum" "${have#go}" | sort -C -V
}

# The Go distribution is itself published as a Go module, so an old go can fetch a new one; it only
# does not know that some of its files are programs. It verifies the checksum as for every module.
download_go() {
    local old=$1 arch dir
    arch=$("$old" env GOARCH)
    printf 'downloading Go %s\n' "$go_release"
    rm -rf "$cache/go" "$cache/go-download"
    GOFLAGS=-modcacherw GOMODCACHE=$cache/go-download \
        "$old" mod download "golang.org/toolchain@v0.0.1-go$go_release.linux-$arch"
    dir=$cache/go-download/golang.org/toolchain@v0.0.1-go$go_release.linux-$arch
    chmod -R u+w "$dir"
    chmod +x "$dir"/bin/* "$dir"/pkg/tool/*/*
    mv "$dir" "$cache/go"
    rm -rf "$cache/go-download"
}

# Leave the path of a go that is new enough in $go. Downloads one to $cache when there is none.
find_go() {
    local candidate
    for candidate in go "$cache/go/bin/go"; do
        if new_enough "$candidate"; then
            go=$candidate
            return 0
        fi
    done
    old=$(command -v go || true)
    if [ -z "$old" ]; then
        "$go_here/../../.ci/install" "$old_go"
        old=/usr/lib/go-1.19/bin/go
    fi
    download_go "$old"
    go=$cache/go/bin/go
    if ! new_enough "$go"; then
        printf '%s does not run\n' "$go" >&2
        return 1
    fi
}
