#!/usr/bin/env bash
# Makes the rockspec of a release, and the rock with the sources that it names, which `luarocks install` builds anywhere.
#
#   bindings/lua/tools/make_rock.sh VERSION OUT      SOURCE_DATE_EPOCH is the date of all that is in it
#
# The same sources give the same bytes. `luarocks pack` does not, and takes no sources from beside a rockspec.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/common.sh"

[ $# -eq 2 ] || fail "usage: make_rock.sh VERSION OUT"
version=$1
mkdir -p "$2"
out=$(realpath "$2")
name=claude-lua-$version
rockspec=claude-$version-1.rockspec
rock=claude-$version-1.src.rock
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
copy_sources "$work/$name" bindings/lua swig LICENSE
pack_tarball "$work" "$name" "$work/$name.tar.gz"
sed -e "s|^version = .*|version = \"$version-1\"|" \
    -e "s|^    url = .*|    url = \"file://$name.tar.gz\", -- in the rock\n    dir = \"$name/bindings/lua\",|" \
    "$ROOT/bindings/lua/claude-scm-1.rockspec" >"$work/$rockspec"
grep -q "^version = \"$version-1\"$" "$work/$rockspec" || fail "the rockspec has no version"
grep -q "$name.tar.gz" "$work/$rockspec" || fail "the rockspec has no sources"
(cd "$work" && python3 - "$rock" "$rockspec" "$name.tar.gz") <<'PACK'
import pathlib, sys, time, os, zipfile

date = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
with zipfile.ZipFile(sys.argv[1], "w") as rock:
    for name in sys.argv[2:]:
        rock.writestr(zipfile.ZipInfo(name, date), pathlib.Path(name).read_bytes())
PACK
cp "$work/$rockspec" "$work/$rock" "$out"
printf '%s\n' "$out/$rock"
