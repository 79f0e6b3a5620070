#!/usr/bin/env bash
# Makes the wheel for everybody: for CPython 3.9 and later on every Linux with a C library of 2018 or later, with libclaude
# and what it needs inside. For that it is built on Debian 11, from the sources of Debian 12's OpenSSL, nghttp2, libcurl
# and json-c; why, says docs/decisions/0010-what-a-wheel-carries.md.
#
#   bindings/python/tools/portable_wheel.sh OUT      needs root, mmdebstrap and the Debian and Python registries
#
# The old Debian and the libraries are kept in build/wheel: with them the next wheel takes half a minute. Remove that
# folder when Debian has brought out a new version of a library.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/common.sh"

readonly WORK=$ROOT/build/wheel OLD=bullseye NEW=bookworm
readonly TOOLS=$ROOT/bindings/python/tools SOURCES=(openssl nghttp2 curl json-c)
readonly INSIDE_PACKAGES=g++,libc6-dev,make,perl,python3,python3-dev,python3-venv,pkg-config,zlib1g-dev

[ $# -eq 1 ] || fail "usage: portable_wheel.sh OUT"
out=$(realpath -m "$1")
[ "$(id -u)" -eq 0 ] || fail "this makes a Debian of its own and needs root"
for program in mmdebstrap dpkg-source apt-get; do
    command -v "$program" >/dev/null || fail "$program is missing, see scripts/setup"
done
mkdir -p "$WORK"

# Runs apt with lists of its own; the machine's are left as they are.
own_apt() {
    apt-get -q -o Dir::Etc::sourcelist="$WORK/apt/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State::lists="$WORK/apt/lists" -o Dir::Cache="$WORK/apt/cache" -o APT::Sandbox::User=root "$@"
}

# The sources, as Debian has corrected them, with its security updates.
fetch_sources() {
    local mirror security package
    [ ! -e "$WORK/sources/.complete" ] || return 0
    say "wheel: sources of ${SOURCES[*]}"
    mirror=$(apt_site Debian)
    security=$(apt_site Debian-Security)
    [ -n "$mirror" ] || fail "apt knows no Debian packages; run apt-get update"
    rm -rf "$WORK/sources"
    mkdir -p "$WORK/sources" "$WORK/apt/lists/partial" "$WORK/apt/cache/archives/partial"
    {
        printf 'deb-src %s %s main\n' "$mirror" "$NEW"
        [ -z "$security" ] || printf 'deb-src %s %s-security main\n' "$security" "$NEW"
    } >"$WORK/apt/sources.list"
    own_apt update
    for package in "${SOURCES[@]}"; do
        fetch_source "$package"
    done
    touch "$WORK/sources/.complete"
}

# The newest source of a package. A mirror may lag behind with a security update: then, said aloud, the one before.
fetch_source() {
    local package=$1
    cd "$WORK/sources"
    own_apt source --download-only "$package" || {
        say "wheel: the newest $package cannot be had; taking the one of $NEW itself"
        rm -f "$package"_*
        own_apt source --download-only "$package/$NEW"
    }
    dpkg-source --no-check -q -x "$package"_*.dsc "$package"
    cd "$ROOT"
}

# The site of the machine's own packages with label $1.
apt_site() {
    # shellcheck disable=SC2016 # apt fills it in
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Label: $1" | sort -u | head -n 1
}

make_root() {
    [ ! -e "$WORK/root/build" ] || return 0
    say "wheel: $OLD"
    rm -rf "$WORK/root"
    mmdebstrap -q --variant=minbase --include="$INSIDE_PACKAGES" "$OLD" "$WORK/root" "$(apt_site Debian)"
    mkdir "$WORK/root/build"
}

# The build tools, of the versions in scripts/requirements.txt, for that Debian's Python.
fetch_tools() {
    [ ! -e "$WORK/root/build/pip/.complete" ] || return 0
    say "wheel: build tools"
    mkdir -p "$WORK/root/build/pip"
    "$VENV/bin/python" -m pip download -q --no-deps --only-binary=:all: --python-version 3.9 \
        --platform "manylinux2014_$(uname -m)" --platform "manylinux_2_17_$(uname -m)" -d "$WORK/root/build/pip" \
        "$(requirement cffi)" "$(requirement setuptools)" pycparser==2.23 cmake==3.31.10 ninja==1.13.0
    touch "$WORK/root/build/pip/.complete"
}

requirement() {
    grep -x "$1==.*" "$ROOT/scripts/requirements.txt"
}

# What is built: the project's sources, with the licenses of what the wheel will carry.
lay_out() {
    local inside=$WORK/root/build
    rm -rf "$inside/claude"
    mkdir -p "$inside/claude/bindings"
    cp -R "$ROOT"/{CMakeLists.txt,CMakePresets.json,VERSION,cmake,capi,src} "$inside/claude"
    cp -RL "$ROOT/bindings/python" "$inside/claude/bindings"
    find "$inside/claude/bindings" -name '*.so' -delete
    rm -rf "$inside/claude/bindings/python/build"
    [ -e "$inside/sources" ] || cp -R "$WORK/sources" "$inside/sources"
    cp "$WORK/sources/openssl/LICENSE.txt" "$inside/claude/bindings/python/LICENSE.openssl"
    cp "$WORK/sources/curl/COPYING" "$inside/claude/bindings/python/LICENSE.curl"
    cp "$WORK/sources/nghttp2/COPYING" "$inside/claude/bindings/python/LICENSE.nghttp2"
    cp "$WORK/sources/json-c/COPYING" "$inside/claude/bindings/python/LICENSE.json-c"
    cp "$TOOLS/portable_wheel_inside.sh" "$inside"
}

fetch_sources
make_root
fetch_tools
lay_out
say "wheel: build on $OLD; what it says is in build/wheel/log"
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/build LANG=C.UTF-8 \
    ${SOURCE_DATE_EPOCH:+"SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH"} \
    chroot "$WORK/root" /bin/bash /build/portable_wheel_inside.sh >"$WORK/log" 2>&1 || {
    tail -n 40 "$WORK/log"
    fail "the build on $OLD failed"
}
"$VENV/bin/python" "$TOOLS/make_wheel.py" --out "$out" --carry "$WORK/root/build/wheels"/*.whl \
    --libraries "$WORK/root/build/prefix/lib"
