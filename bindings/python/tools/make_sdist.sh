#!/usr/bin/env bash
# Makes the source distribution of the Python binding.
#
#   bindings/python/tools/make_sdist.sh OUT      SOURCE_DATE_EPOCH is the date of all that is in it
#
# setuptools packs with the time of day and the builder's name; so it is packed again: the same sources give the same bytes.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/common.sh"

[ $# -eq 1 ] || fail "usage: make_sdist.sh OUT"
mkdir -p "$1"
out=$(realpath "$1")
name=libclaude-$(cat "$ROOT/VERSION")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
copy_sources "$work/sources" bindings/python
(cd "$work/sources/bindings/python" && "$VENV/bin/python" -c \
    "import setuptools.build_meta as b; b.build_sdist('$work')" >/dev/null 2>&1) || fail "setuptools has failed"
tar -C "$work" -xzf "$work/$name.tar.gz"
rm "$work/$name.tar.gz"
pack_tarball "$work" "$name" "$out/$name.tar.gz"
printf '%s\n' "$out/$name.tar.gz"
