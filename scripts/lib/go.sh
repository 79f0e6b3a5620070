# shellcheck shell=bash
# How Go finds what was built, and which Go. Sourced after common.sh.

# Debian's, which is the oldest that the binding is for; and one with iterators, which scripts/setup gets from the Go proxy.
readonly DEBIAN_GO=/usr/lib/go
readonly NEWER_GO=$ROOT/build/newer-go
readonly NEWER_GO_VERSION=go1.23.12

newer_go_current() {
    [ "$(GOTOOLCHAIN=local "$NEWER_GO/bin/go" env GOVERSION 2>/dev/null)" = "$NEWER_GO_VERSION" ]
}

# A toolchain is a module like any other; only the marks of its programs are lost on the way.
install_newer_go() {
    local module work
    module=golang.org/toolchain@v0.0.1-$NEWER_GO_VERSION.linux-$(dpkg --print-architecture)
    work=$(mktemp -d)
    say "getting $NEWER_GO_VERSION from the Go proxy"
    (cd "$work" && GOTOOLCHAIN=local GOFLAGS=-modcacherw GOPATH=$work GOMODCACHE=$work/modules \
        "$DEBIAN_GO/bin/go" mod download "$module") || fail "$NEWER_GO_VERSION is not to be had from the Go proxy"
    chmod -R +x "$work/modules/$module/bin" "$work/modules/$module/pkg/tool"
    rm -rf "$NEWER_GO"
    mkdir -p "$(dirname "$NEWER_GO")"
    mv "$work/modules/$module" "$NEWER_GO"
    rm -rf "$work"
}

# go_environment BUILD: an installed copy of a build that pkg-config finds, a cache of our own, and nothing is fetched.
go_environment() {
    local build=$1 copy libdir stamp
    copy=$build/go-binding/prefix
    rm -rf "$copy"
    cmake --install "$build" --prefix "$copy" >/dev/null
    libdir=$(dirname "$(find "$copy" -name libclaude.so)")
    # Go does not notice when a C library has changed: then its compiler gets another flag.
    stamp=$(cat "$copy"/include/claude/*.h "$libdir/libclaude.a" "$libdir/libclaude.so" | cksum | cut -d' ' -f1)
    sed -i -e "s|^prefix=.*|prefix=$copy|" -e "s|^libdir=.*|libdir=$libdir|" \
        -e "s|^includedir=.*|includedir=$copy/include|" -e "s|^Cflags:.*|& -DCLAUDE_COPY=$stamp|" "$libdir"/pkgconfig/*.pc
    export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir
    export GOENV=off GOPROXY=off GOTOOLCHAIN=local GOFLAGS=-buildvcs=false
    export GOPATH=$build/go-binding/path GOCACHE=$ROOT/build/go-cache
}

# in_go FOLDER ARGUMENT...: Debian's go command in a folder, against build/dev.
in_go() {
    local folder=$1
    shift
    (go_environment "$ROOT/build/dev" && cd "$ROOT/$folder" && "$DEBIAN_GO/bin/go" "$@")
}
