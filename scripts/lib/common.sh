# shellcheck shell=bash
# Shared by the commands in scripts/: sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
VENV=$ROOT/.venv
export ROOT VENV

# Nobody answers questions: no terminal, no standard input.
export DEBIAN_FRONTEND=noninteractive PIP_NO_INPUT=1 PYTHONDONTWRITEBYTECODE=1
exec </dev/null

say() {
    printf '== %s\n' "$*"
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# copy_sources TO PATH...: copies the files below these paths that git knows or would add, links as what they lead to.
copy_sources() {
    local to=$1
    shift
    mkdir -p "$to"
    git -C "$ROOT" ls-files -z -co --exclude-standard -- "$@" |
        tar -C "$ROOT" --null -T - --dereference -cf - | tar -C "$to" -xf -
}

# pack_tarball FOLDER NAME FILE: packs FOLDER/NAME, dated SOURCE_DATE_EPOCH: the same files give the same bytes.
pack_tarball() {
    : "${SOURCE_DATE_EPOCH:?is the date of what is packed}"
    tar -C "$1" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        --mode=u=rwX,go=rX --format=gnu -cf - "$2" | LC_ALL=C gzip -9n >"$3"
}

# Packages of Debian 12, each with what it is for.
debian_packages() {
    cat <<'LIST'
gcc                     compiler
clang                   second compiler, fuzzing
libclang-rt-14-dev      sanitizers of clang
binutils                ld, objcopy, readelf, nm
cmake                   build
ninja-build             build
pkg-config              build
libc6-dev               build
libcurl4-openssl-dev    library: HTTP and TLS
libjson-c-dev           library: JSON
zlib1g-dev              library: compression
libcmocka-dev           unit and component tests
libssl-dev              tests of faults, deadlines and fork: a server with TLS
openssl                 fault tests: certificates
g++                     header checks in C++
clang-tidy              lint
clang-format            lint
shellcheck              lint
abigail-tools           ABI checks
gcovr                   coverage
valgrind                memory checks
locales                 tests in hostile surroundings: locales with a comma
strace                  tests of deadlines: system calls that fail with EINTR
curl                    tests of the curl commands that the library writes
nginx                   network tests and benchmarks: TLS and HTTP/2 in front of the sandbox
tinyproxy-bin           network tests: HTTP proxy
microsocks              network tests: SOCKS proxy
openssl                 network tests and benchmarks: certificates
ca-certificates         network tests and benchmarks: the bundle that users have
libuv1-dev              examples of event loops
libglib2.0-dev          examples of event loops
libsystemd-dev          examples of event loops
luajit2                 examples of event loops, Lua binding; nginx's Lua module excludes the package luajit
lua-luv                 examples of event loops
man-db                  command-line tool: its man page
doxygen                 reference of the interface
jq                      documents: a line for the command-line tool with it
sqlite3                 examples of plugin hosts
libsqlite3-dev          examples of plugin hosts
libnginx-mod-http-lua   examples of plugin hosts
neovim                  examples of plugin hosts
mmdebstrap              packaging tests, wheels: Debian systems of other years
dpkg-dev                Debian packages; wheels: sources of the libraries that a wheel carries
file                    Debian packages: cpack finds the binaries by it
lintian                 Debian packages: checks
python3                 Debian packages: the Python that theirs is for
python3-cffi-backend    Debian packages: what theirs depends on
git                     which files are the project's
swig                    bindings of SWIG
perl                    modules of SWIG: Perl
libperl-dev             modules of SWIG: Perl
ruby                    modules of SWIG: Ruby
ruby-dev                modules of SWIG: Ruby
tcl                     modules of SWIG: Tcl
tcl-dev                 modules of SWIG: Tcl
make                    Lua binding: build
lua5.1                  Lua binding: tests on each version
lua5.2                  Lua binding: tests on each version
lua5.3                  Lua binding: tests on each version
lua5.4                  Lua binding: tests on each version
liblua5.1-0-dev         Lua binding: headers of each version
liblua5.2-dev           Lua binding: headers of each version
liblua5.3-dev           Lua binding: headers of each version
liblua5.4-dev           Lua binding: headers of each version
libluajit2-5.1-dev      Lua binding: headers of each version
lua-busted              Lua binding: test runner
lua-socket              Lua binding: how tests talk to the sandbox
lua-copas               Lua binding: tests and example in an event loop
lua-cqueues             Lua binding: tests and example in an event loop
luarocks                Lua binding: tests of the rock
lua-check               Lua binding: lint
golang                  Go binding
LIST
}

# True when Python program $1 is new enough, has its headers and can make virtual environments.
python_usable() {
    "$1" - <<'PY' >/dev/null 2>&1
import os, sys, sysconfig, venv, ensurepip
header = os.path.join(sysconfig.get_path("include"), "Python.h")
sys.exit(0 if sys.version_info >= (3, 9) and os.path.exists(header) else 1)
PY
}

# Prints the first usable Python, or fails.
find_python() {
    local candidate
    for candidate in ${CLAUDE_PYTHON:+"$CLAUDE_PYTHON"} python3 /usr/bin/python3; do
        if command -v "$candidate" >/dev/null && python_usable "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

# Number of parallel jobs.
jobs_count() {
    printf '%s\n' "${CLAUDE_JOBS:-$(nproc)}"
}

# Configures and builds a preset: build_preset NAME [target ...]
build_preset() {
    local preset=$1
    shift
    say "build/$preset: configure"
    (cd "$ROOT" && cmake --preset "$preset" --log-level=WARNING >/dev/null)
    say "build/$preset: build${*:+ $*}"
    (cd "$ROOT" && cmake --build "build/$preset" -j "$(jobs_count)" ${1:+--target "$@"} -- --quiet)
}

# Builds the Python binding's extension module in place, against build/dev.
build_python() {
    say "bindings/python: build"
    "$VENV/bin/python" "$ROOT/bindings/python/build_ext.py" --build-dir "$ROOT/build/dev"
}

# The module of Lua 5.4 against the build tree, where the tests of Lua have it too.
build_lua() {
    make -s -C "$ROOT/bindings/lua" OUT="$ROOT/build/dev/lua/lua5.4" LUA_INCDIR=/usr/include/lua5.4 \
        CLAUDE_INCDIR="$ROOT/capi/include" CLAUDE_LIBDIR="$ROOT/build/dev/lib"
}
