#!/usr/bin/env bash
# Makes a certificate authority and a certificate of 127.0.0.1 for the fault tests' server: certificates.sh FOLDER
set -euo pipefail
cd "$1"
command -v openssl >/dev/null || {
    echo "error: openssl is missing. On Debian: apt-get install openssl" >&2
    exit 1
}

key() {
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null ||
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

key ca.key
openssl req -x509 -new -key ca.key -subj "/CN=fault tests" -days 2 -out ca.pem \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign"
key server.key
openssl req -new -key server.key -subj "/CN=127.0.0.1" -out server.csr
printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' >server.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.pem \
    2>/dev/null
