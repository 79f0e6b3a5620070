"""Writes the source of the Python binding's module, and prints which API of CFFI's run-time part it asks for.

describe.py FILE        describe.py --include      prints where Python's headers are
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
import sysconfig
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bindings" / "python"))


def main() -> None:
    """Does as it is told."""
    if sys.argv[1] == "--include":
        print(sysconfig.get_path("include"))
        return
    import ffi_build

    source = Path(sys.argv[1])
    with contextlib.redirect_stdout(io.StringIO()):  # it says what it writes
        ffi_build.make([], []).emit_c_code(str(source))
    found = set(
        re.findall(r"_cffi_init\(\"libclaude\._claude\", (0x[0-9A-Fa-f]+),", source.read_text(encoding="utf-8"))
    )
    if len(found) != 1:
        sys.exit(f"error: {source} does not say which API of CFFI it needs: {sorted(found)}")
    print(found.pop())


if __name__ == "__main__":
    main()
