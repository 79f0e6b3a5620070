"""Which certificates a wheel trusts: those of the host it was installed on.

A wheel carries libcurl, which knows where one kind of Linux keeps its certificates; the library of a system knows its
own. So only in a wheel, and only when the program names no certificates itself, the usual places are looked at. This is
done for each client, not at import: certificates may come later.
"""

from __future__ import annotations

import os

from ._errors import check
from ._ffi import ffi, lib, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._claude import CData

PLACES = (
    b"/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Gentoo, Alpine, NixOS
    b"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, Red Hat and their relatives
    b"/etc/pki/tls/certs/ca-bundle.crt",  # the same, older
    b"/etc/ssl/ca-bundle.pem",  # SUSE
    b"/etc/ssl/cert.pem",  # Alpine without its bundle of certificates, BSD
)

# Where auditwheel puts the libraries that a wheel carries.
CARRIED = os.path.isdir(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "libclaude.libs"))


def trust_host(config: CData, from_env: bool) -> None:
    """Sets the host's certificates, unless the program, or with `from_env` its environment, has named others."""
    if not CARRIED:
        return
    err = ffi.new("claude_error_t **")
    if from_env:
        check(lib.claude_config_load_env(config, err), err)
    if text_of(lib.claude_config_get(config, b"tls.ca_file")):
        return
    found = next(filter(os.path.isfile, PLACES), None)
    if found is not None:
        check(lib.claude_config_set(config, b"tls.ca_file", found, err), err)
