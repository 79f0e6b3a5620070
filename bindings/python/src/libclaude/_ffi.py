"""The extension module, checked, and what every other module needs to talk to it."""

from __future__ import annotations

from ._claude import ffi, lib

__all__ = ["NULL", "check_version", "ffi", "lib", "text_of", "version_text"]

NULL = ffi.NULL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._claude import CData


def version_text(number: int) -> str:
    """0x000801 as 0.8.1."""
    return f"{number >> 16}.{number >> 8 & 255}.{number & 255}"


def check_version(loaded: int, built_for: int) -> None:
    """Refuses a library of another major or minor version than the headers this package was compiled with."""
    if loaded >> 8 != built_for >> 8:
        raise ImportError(
            f"the libclaude that was loaded is version {version_text(loaded)}, but this package was built for "
            f"{version_text(built_for)}; install a libclaude {built_for >> 16}.{built_for >> 8 & 255}.x or rebuild "
            "the package"
        )


check_version(lib.claude_version(), lib.CLAUDE_VERSION_NUM)


def text_of(pointer: CData) -> str | None:
    """A NUL-terminated text from the library; None for NULL."""
    return ffi.string(pointer).decode("utf-8", "replace") if pointer else None
