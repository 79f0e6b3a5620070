#!/usr/bin/env python3
"""nginx with TLS and HTTP/2 in front of the server whose URL it is given.

Prints one line, the URL and the file with the certificate to trust, and ends when its standard input does.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "network"))

from servers import CertificateAuthority, Nginx


def main() -> None:
    with TemporaryDirectory() as folder:
        ca = CertificateAuthority(Path(folder) / "ca")
        with Nginx(sys.argv[1], ca.issue(), log=False) as nginx:
            print(nginx.url, ca.certificate, flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()
