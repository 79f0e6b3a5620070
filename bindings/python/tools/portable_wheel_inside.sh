#!/usr/bin/env bash
# The part of portable_wheel.sh that runs inside of the old Debian: libclaude with what it needs inside of it, then the
# wheel. Everything it takes is below /build: no network.
set -euo pipefail

readonly DEPS=/build/deps PREFIX=/build/prefix
jobs=$(nproc)
export PKG_CONFIG_PATH=$DEPS/lib/pkgconfig:$PREFIX/lib/pkgconfig PATH=/build/venv/bin:$PATH CFLAGS="-O2 -fPIC"

# static_library NAME [CMake options]: builds a dependency from its unpacked source.
static_library() {
    local name=$1
    shift
    cmake -S "/build/sources/$name" -B "/build/work/$name" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_INSTALL_PREFIX=$DEPS -DCMAKE_PREFIX_PATH=$DEPS -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
        -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF "$@"
    ninja -C "/build/work/$name" -j "$jobs" install
}

# Only what HTTPS needs. It loads nothing at run time and reads no configuration: a host's openssl.cnf may name modules
# of the host's own OpenSSL.
openssl_library() {
    mkdir -p /build/work/openssl
    (cd /build/work/openssl && /build/sources/openssl/config --prefix=$DEPS --libdir=lib --openssldir=/etc/ssl no-shared \
        no-dso no-engine no-module no-legacy no-autoload-config no-tests no-comp no-ssl3 no-weak-ssl-ciphers &&
        make -j "$jobs" build_libs && make install_dev)
}

# HTTPS and nothing else. Its pkg-config file names archives by their paths, which CMake puts in front of libcurl itself.
curl_library() {
    static_library curl -DBUILD_CURL_EXE=OFF -DHTTP_ONLY=ON -DCURL_USE_OPENSSL=ON -DUSE_NGHTTP2=ON -DCURL_USE_LIBSSH2=OFF \
        -DUSE_LIBIDN2=OFF -DCURL_DISABLE_OPENSSL_AUTO_LOAD_CONFIG=ON -DENABLE_THREADED_RESOLVER=ON \
        -DCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt -DCURL_CA_PATH=none
    # shellcheck disable=SC2016 # pkg-config fills in its own variables
    sed -i 's|^Libs:.*|Libs: -L${libdir} -lcurl -lssl -lcrypto -lnghttp2 -lz -ldl -lpthread|; /^Libs.private:/d' \
        $DEPS/lib/pkgconfig/libcurl.pc
}

# once NAME command...: does what has not been done yet in this folder.
once() {
    local stamp=/build/done/$1
    shift
    [ -e "$stamp" ] || "$@"
    touch "$stamp"
}

# The tools, of the versions that the project's tests use.
[ -x /build/venv/bin/cmake ] || {
    python3 -m venv /build/venv
    /build/venv/bin/python -m pip install -q --upgrade --no-index --find-links /build/pip cmake ninja setuptools cffi
}
mkdir -p /build/done
once openssl openssl_library
once nghttp2 static_library nghttp2 -DENABLE_LIB_ONLY=ON -DENABLE_STATIC_LIB=ON -DENABLE_SHARED_LIB=OFF
once json-c static_library json-c -DBUILD_APPS=OFF -DDISABLE_WERROR=ON
once curl curl_library
rm -rf $PREFIX /build/work/claude /build/wheels
cmake -S /build/claude -B /build/work/claude -G Ninja -DCMAKE_BUILD_TYPE=Release "-DCMAKE_C_FLAGS_RELEASE=-O2 -DNDEBUG" \
    -DCMAKE_INSTALL_PREFIX=$PREFIX -DCMAKE_INSTALL_LIBDIR=lib -DPKG_CONFIG_ARGN=--static \
    -DCLAUDE_BUILD_TESTS=OFF -DCLAUDE_BUILD_EXAMPLES=OFF -DCLAUDE_BUILD_BENCH=OFF --log-level=WARNING
ninja -C /build/work/claude -j "$jobs" install
/build/venv/bin/python -m pip wheel -q --no-index --no-deps --no-build-isolation -w /build/wheels /build/claude/bindings/python
