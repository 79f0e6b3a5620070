"""The shared library and the archive as binaries: what they import, keep, need and promise to the loader."""

from __future__ import annotations

import functools
import pathlib
import re

from abi_tools import ROOT, run

# Functions that end, change or talk over the host, or keep hidden state. Fortified variants (__*_chk) are checked by
# the name inside.
FORBIDDEN = set(
    "exit _exit abort printf puts fprintf stdout stderr perror setlocale signal sigaction alarm system popen fork "
    "select __fdelt_chk strtok localtime gmtime asctime ctime rand srand setenv putenv strerror gethostbyname atexit "
    "mlockall umask chdir sprintf strcpy gets vfprintf putchar fputs fwrite fopen sleep usleep strtod atof tolower "
    "toupper strcasecmp strncasecmp __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc".split()
)
ALLOWED_NEEDED = {"libcurl.so.4", "libjson-c.so.5", "libz.so.1", "libc.so.6"}
REQUIRED_NEEDED = {"libcurl.so.4", "libjson-c.so.5", "libc.so.6"}
GLIBC_FLOOR = (2, 34)
GLOBALS = ROOT / "capi" / "abi" / "globals.txt"


@functools.lru_cache
def dynamic(path: pathlib.Path) -> str:
    return run("readelf", "-dW", path)


def test_imports(shared: pathlib.Path) -> None:
    names = {line.split()[-1].split("@")[0] for line in run("nm", "-D", "--undefined-only", shared).splitlines()}
    plain = {re.sub(r"^__(\w+)_chk$", r"\1", name) if name != "__fdelt_chk" else name for name in names}
    assert len(names) > 20, "nm has found next to nothing"
    assert plain & FORBIDDEN == set()


def test_glibc_floor(shared: pathlib.Path) -> None:
    found = re.findall(r"(\w+)@GLIBC_(\d+)\.(\d+)", run("nm", "-D", "--undefined-only", shared))
    assert found, "no versioned symbol of glibc"
    above = [f"{name}: {major}.{minor}" for name, major, minor in found if (int(major), int(minor)) > GLIBC_FLOOR]
    assert above == [], f"needs a newer glibc than {GLIBC_FLOOR}"


def test_soname(shared: pathlib.Path) -> None:
    assert re.findall(r"\(SONAME\).*\[(.*)\]", dynamic(shared)) == ["libclaude.so.0.8"]
    assert shared.name == "libclaude.so.0.8.0"
    assert (shared.parent / "libclaude.so").resolve() == shared
    assert (shared.parent / "libclaude.so.0.8").resolve() == shared


def test_needed(shared: pathlib.Path) -> None:
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic(shared)))
    # libpthread is a part of libc since glibc 2.34. Sanitizers bring their own library.
    needed = {name for name in needed if not re.match(r"lib(pthread|[a-z]+san)\.so", name)}
    assert needed <= ALLOWED_NEEDED
    assert needed >= REQUIRED_NEEDED


def test_dynamic_flags(shared: pathlib.Path) -> None:
    """What is there for hosts that load and unload the library; protections: test_hardening.py."""
    text = dynamic(shared)
    flags = re.search(r"\(FLAGS_1\)\s+Flags:(.*)", text)
    assert flags is not None
    assert {"NOW", "NODELETE"} <= set(flags[1].split())
    assert "NOOPEN" not in flags[1], "-z nodlopen would lock plugin hosts out"
    assert "STATIC_TLS" not in text


def writable_globals(path: pathlib.Path) -> set[str]:
    """Objects in sections that stay writable after start, as file:name."""
    names = {}
    for number, name, flags in re.findall(
        r"^\s*\[\s*(\d+)\]\s+(\S+)\s+\S+\s+[0-9a-f]+\s+[0-9a-f]+\s+[0-9a-f]+\s+[0-9a-f]+\s+([A-Za-z]*)",
        run("readelf", "-SW", path),
        re.MULTILINE,
    ):
        names[number] = (name, flags)
    found = set()
    file = ""
    for line in run("readelf", "-sW", path).splitlines():
        fields = line.split()
        if len(fields) < 8:
            continue
        if fields[3] == "FILE":
            file = fields[7]
        if fields[3] not in ("OBJECT", "TLS"):
            continue
        section, flags = names.get(fields[6], ("", ""))
        relro = section.startswith((".data.rel.ro", ".init_array", ".fini_array", ".dynamic", ".got"))
        # The others are of the compiler's start files.
        if "W" in flags and not relro and not re.match(r"completed\.|__dso_handle$|__TMC_END__$", fields[7]):
            # Statics inside functions carry a number; a hidden global has no file.
            name = re.sub(r"\.[0-9]+$", "", fields[7])
            found.add(name if name.startswith("cl_") else f"{file}:{name}")
    return found


def test_writable_globals(shared: pathlib.Path) -> None:
    golden = {}
    for line in GLOBALS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, reason = line.partition(" ")
            assert reason.strip(), f"{GLOBALS.name}: {name} has no reason"
            golden[name] = reason.strip()
    assert len(golden) <= 14, "too much hidden state"
    assert writable_globals(shared) == set(golden), f"each writable global stands in {GLOBALS.name} with its reason"


def test_archive_is_one_object_without_internal_names(archive: pathlib.Path) -> None:
    assert len(run("ar", "t", archive).split()) == 1
    names = run("nm", "--defined-only", "--extern-only", archive).split("\n")
    exported = {line.split()[-1] for line in names if re.match(r"[0-9a-f]+ [A-Za-z] ", line)}
    assert exported, "the archive exports nothing"
    foreign = {name for name in exported if not name.startswith("claude_") and name != "DW.ref.__gcc_personality_v0"}
    assert foreign == set(), "hidden symbols of the archive must be local"


def test_archive_exports_what_the_library_exports(archive: pathlib.Path, shared: pathlib.Path) -> None:
    pattern = r"^[0-9a-f]+ T (claude_\w+)"
    static = set(re.findall(pattern, run("nm", "--defined-only", "--extern-only", archive), re.MULTILINE))
    dynamic_names = set(re.findall(pattern, run("nm", "-D", "--defined-only", shared), re.MULTILINE))
    assert static == dynamic_names


def test_no_paths_of_the_build_machine(shared: pathlib.Path) -> None:
    assert str(ROOT).encode() not in shared.read_bytes()
