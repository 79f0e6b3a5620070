"""Real servers on loopback for tests and benchmarks: nginx with TLS, proxies, and a test CA made with openssl.

    with TemporaryDirectory() as folder, Sandbox(path=...) as sandbox:
        ca = CertificateAuthority(Path(folder) / "ca")
        with Nginx(sandbox.url, ca.issue()) as nginx:
            ...  # requests to nginx.url, with tls.ca_file = ca.bundle
            assert len(nginx.requests()) == 1

Everything runs as the user who calls, in folders of its own, on ports that the system chooses, and ends with the thread
that started it at the latest. Standard library only. Debian packages: nginx, tinyproxy-bin, microsocks, openssl.
"""

from __future__ import annotations

import functools
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from typing_extensions import Self

SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
PACKAGES = {
    "nginx": "nginx",
    "tinyproxy": "tinyproxy-bin",
    "microsocks": "microsocks",
    "openssl": "openssl",
    "setpriv": "util-linux",
}
# How long a server may take to start, to end, or to write its log; only a broken one needs so long.
PATIENCE = 30.0


class ServerError(RuntimeError):
    """A server or openssl is missing, did not start, or failed."""


def program(name: str) -> str:
    """The path of a program, also where only root looks for it; an error names the package it is in."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        raise ServerError(f"{name} is missing; on Debian: apt-get install {PACKAGES.get(name, name)}")
    return path


def eventually(what: str, condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Looks until `condition()` is true, and returns what it gave; ServerError if it never is."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise ServerError(f"not within {patience} s: {what}")
        time.sleep(0.005)


def free_port() -> int:
    """A port of 127.0.0.1 that is free at this moment; somebody else may take it before you do."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def raise_open_files(wanted: int = 16384) -> int:
    """Raises the limit of open files of this process and those it starts, as far as allowed; returns the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        return allowed
    return allowed


# ---- certificates ----------------------------------------------------------------------------------------------------


def _openssl(*arguments: str | Path, give: str | None = None) -> str:
    done = subprocess.run(
        [program("openssl"), *map(str, arguments)], capture_output=True, text=True, input=give, check=False
    )
    if done.returncode != 0:
        raise ServerError(f"openssl {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def _make_key(kind: str, path: Path) -> None:
    if kind.startswith("rsa:"):
        options = ["-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{kind[4:]}"]
    else:
        options = ["-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{kind}"]
    _openssl("genpkey", *options, "-out", path)
    path.chmod(0o600)


# Of certificates, from now.
_USUAL_DATES = (timedelta(hours=-1), timedelta(days=7))


@dataclass(frozen=True)
class Certificate:
    """Files in PEM: the certificate with the intermediates that a server sends after it, and the private key."""

    chain: Path
    key: Path

    def fingerprint(self) -> str:
        """Hexadecimal SHA-256 of the first certificate."""
        return _openssl("x509", "-in", self.chain, "-noout", "-fingerprint", "-sha256").strip().rpartition("=")[2]


_CA_CONFIG = """
[req]
distinguished_name = empty
prompt = no
[empty]
[ca]
default_ca = this
[this]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
policy = any
email_in_dn = no
x509_extensions = wanted
{issuer}
[any]
commonName = supplied
[wanted]
{extensions}
"""


class CertificateAuthority:
    """A CA in a folder: a root, or an intermediate made by intermediate().

    `certificate` is its own certificate; `bundle` the system's CA bundle and this CA's root: what tests and figures of
    TLS use, because a user's program reads the whole bundle too.
    """

    def __init__(
        self, directory: str | os.PathLike[str], name: str = "libclaude test CA", *, key: str = "P-256"
    ) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._issued = 0
        self._name = name
        self.chain: list[Path] = []  # what a server sends above a certificate of ours: only for intermediates
        self.key = self.directory / "ca.key"
        self.certificate = self.directory / "ca.pem"
        _make_key(key, self.key)
        self.root = self
        if type(self) is CertificateAuthority:
            extensions = ["basicConstraints = critical, CA:TRUE", "keyUsage = critical, keyCertSign, cRLSign"]
            self._sign(self, name, self.key, self.certificate, extensions, selfsign=True)
            self.bundle = self.directory / "bundle.pem"
            if not SYSTEM_BUNDLE.exists():
                raise ServerError(f"{SYSTEM_BUNDLE} is missing; on Debian: apt-get install ca-certificates")
            self.bundle.write_bytes(SYSTEM_BUNDLE.read_bytes() + self.certificate.read_bytes())

    def hashed_directory(self) -> Path:
        """A directory with only this CA's certificate, hashed as by `openssl rehash`."""
        hashed = self.directory / "hashed"
        hashed.mkdir(exist_ok=True)
        name = _openssl("x509", "-in", self.certificate, "-noout", "-subject_hash").strip()
        shutil.copy(self.certificate, hashed / f"{name}.0")
        return hashed

    def issue(
        self,
        hosts: Sequence[str] = ("localhost", "127.0.0.1", "::1"),
        *,
        name: str | None = None,
        key: str = "P-256",
        digest: str = "sha256",
        starts: timedelta = _USUAL_DATES[0],
        ends: timedelta = _USUAL_DATES[1],
        usage: str = "serverAuth",
        extensions: Sequence[str] = (),
        send_chain: bool = True,
        selfsign: bool = False,
    ) -> Certificate:
        """A certificate for these host names and addresses; `usage` is its extended key usage, "clientAuth" for a
        client's; `starts` and `ends` are from now; `key` is rsa:BITS or a curve. With `selfsign` its own key signs.
        """
        self._issued += 1
        stem = self.directory / f"{self._issued:03}"
        files = Certificate(stem.with_suffix(".pem"), stem.with_suffix(".key"))
        _make_key(key, files.key)
        wanted = ["basicConstraints = CA:FALSE", f"extendedKeyUsage = {usage}", *extensions]
        if hosts:
            wanted.append("subjectAltName = " + ", ".join(self._alternative(host) for host in hosts))
        common_name = name or (hosts[0] if hosts else "nameless")
        dates = (starts, ends)
        self._sign(self, common_name, files.key, files.chain, wanted, dates=dates, digest=digest, selfsign=selfsign)
        if send_chain:
            with files.chain.open("ab") as out:
                out.writelines(path.read_bytes() for path in self.chain)
        return files

    def intermediate(
        self,
        name: str,
        extensions: Sequence[str] = (),
        *,
        ca: bool = True,
        dates: tuple[timedelta, timedelta] = _USUAL_DATES,
        digest: str = "sha256",
    ) -> CertificateAuthority:
        """A CA below this one. With `ca` false its certificate says CA:FALSE, and it signs all the same."""
        below = _Intermediate(self, name)
        constraints = f"basicConstraints = critical, CA:{'TRUE' if ca else 'FALSE'}"
        wanted = [constraints, "keyUsage = critical, keyCertSign, cRLSign", *extensions]
        self._sign(self, name, below.key, below.certificate, wanted, dates=dates, digest=digest)
        return below

    @staticmethod
    def _alternative(host: str) -> str:
        return f"IP:{host}" if re.fullmatch(r"[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:]*", host) else f"DNS:{host}"

    @staticmethod
    def _sign(
        issuer: CertificateAuthority,
        common_name: str,
        key: Path,
        to: Path,
        extensions: Sequence[str],
        *,
        dates: tuple[timedelta, timedelta] = _USUAL_DATES,
        digest: str = "sha256",
        selfsign: bool = False,
    ) -> None:
        folder = issuer.directory
        (folder / "index.txt").touch()
        config = to.with_suffix(".cnf")
        identifiers = ["subjectKeyIdentifier = hash"]
        if not selfsign:
            identifiers.append("authorityKeyIdentifier = keyid")
        files = "" if selfsign else f"certificate = {issuer.certificate}\nprivate_key = {issuer.key}"
        config.write_text(
            _CA_CONFIG.format(folder=folder, issuer=files, extensions="\n".join([*extensions, *identifiers])),
            encoding="utf-8",
        )
        request = to.with_suffix(".csr")
        _openssl("req", "-new", "-config", config, "-key", key, "-subj", f"/CN={common_name}", "-out", request)
        now = datetime.now(timezone.utc)
        starts, ends = (f"{now + offset:%Y%m%d%H%M%SZ}" for offset in dates)
        signer: list[str | Path] = ["-selfsign", "-keyfile", key] if selfsign else []
        _openssl(
            *("ca", "-batch", "-notext", "-config", config, "-in", request, "-out", to, "-md", digest),
            *("-startdate", starts, "-enddate", ends, *signer),
        )


class _Intermediate(CertificateAuthority):
    def __init__(self, parent: CertificateAuthority, name: str) -> None:
        parent._issued += 1
        super().__init__(parent.directory / f"{parent._issued:03}-intermediate", name)
        self.root = parent.root
        self.bundle = parent.bundle
        self.chain = [self.certificate, *parent.chain]


# ---- processes -------------------------------------------------------------------------------------------------------


class Server:
    """A server process with a folder of its own; a context manager."""

    _ending = signal.SIGTERM

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.port = 0

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError(f"{type(self).__name__} is not running")
        return self._process.pid

    @property
    def folder(self) -> Path:
        """Where the server has its configuration and logs; gone when it has ended."""
        if self._folder is None:
            raise ServerError(f"{type(self).__name__} is not running")
        return Path(self._folder.name)

    def start(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix=f"{type(self).__name__.lower()}-")
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def _start(self) -> None:
        raise NotImplementedError

    def _run(self, command: Sequence[str | Path], *, pass_fds: Sequence[int] = (), **environment: str) -> None:
        """Starts the server; whatever happens to us, it ends."""
        output = self.folder / "output.txt"
        with output.open("wb") as out:
            self._process = subprocess.Popen(
                [program("setpriv"), "--pdeathsig", "TERM", *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                pass_fds=pass_fds,
                env={**os.environ, **environment},
            )

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _complaint(self) -> str:
        texts = [path.read_text(errors="replace") for path in sorted(self.folder.glob("*.txt"))]
        return " ".join(" ".join(texts).split())[-600:]

    def _answers(self, port: int) -> bool:
        """Whether somebody accepts connections there; ServerError if our process has ended."""
        if not self._alive():
            raise ServerError(f"{type(self).__name__} did not start: {self._complaint()}")
        with socket.socket() as probe:
            probe.settimeout(PATIENCE)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def _run_on_free_port(self, command: Callable[[int], Sequence[str | Path]]) -> None:
        """For servers that cannot be given a socket: a port that is free, and another when somebody took it."""
        for attempt in range(5):
            port = free_port()
            self._run(command(port))
            try:
                eventually(f"{type(self).__name__} listens", functools.partial(self._answers, port))
            except ServerError:
                if attempt == 4 or self._alive():
                    raise
                continue
            self.port = port
            return

    def close(self) -> int:
        """Ends the server and returns its exit code."""
        process, self._process = self._process, None
        code = 0
        if process is not None:
            process.send_signal(self._ending)
            try:
                code = process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()
        return code

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True)
class NginxRequest:
    """A request as nginx logged it, once it was answered."""

    connection: int
    nth: int  # of its connection
    protocol: str  # HTTP/2.0 or HTTP/1.1
    tls: str
    server_name: str
    client: str  # subject of the client's certificate
    request: str
    request_length: int
    status: int
    sent: int


_NGINX_CONFIG = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.txt {log_level};
worker_processes {workers};
worker_rlimit_nofile {files};
worker_shutdown_timeout 2s;
events {{
    worker_connections {files};
}}
http {{
    log_format json escape=json '{{"connection":$connection,"nth":$connection_requests,"protocol":"$server_protocol",'
        '"tls":"$ssl_protocol","server_name":"$ssl_server_name","client":"$ssl_client_s_dn","request":"$request",'
        '"request_length":$request_length,"status":$status,"sent":$bytes_sent}}';
    access_log {access_log};
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    default_type application/octet-stream;
    client_max_body_size 64m;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_buffering off;
    proxy_next_upstream off;
    proxy_read_timeout 1h;
    proxy_send_timeout 1h;
    upstream sandbox {{
        server {upstream};
        keepalive 64;
        keepalive_requests 1000000;
    }}
    server {{
        listen 127.0.0.1:{port}{listen};
        {server}
        location / {{
            proxy_pass http://sandbox;
        }}
    }}
    server {{
        listen 127.0.0.1:{control};
        access_log off;
        location = /status {{
            stub_status;
        }}
    }}
}}
"""


class Nginx(Server):
    """nginx in front of the sandbox.

    `certificate` makes it speak TLS; without one it speaks plain HTTP. `http2` offers HTTP/2 beside 1.1 by TLS, and
    nothing else without TLS; by default it is offered by TLS only. `protocols` are the versions of TLS; `client_ca`
    asks for a client's certificate of that CA. `keepalive_requests` closes a connection after so many requests.
    `directives` are further lines of the server block. `log` off is for benchmarks.
    """

    def __init__(
        self,
        sandbox_url: str,
        certificate: Certificate | None = None,
        *,
        http2: bool | None = None,
        protocols: str = "TLSv1.2 TLSv1.3",
        ciphers: str = "",
        client_ca: CertificateAuthority | None = None,
        keepalive_requests: int = 1_000_000,
        keepalive_timeout: str = "1h",
        max_concurrent_streams: int = 128,
        workers: int = 1,
        log: bool = True,
        log_level: str = "info",
        directives: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._upstream = urlsplit(sandbox_url).netloc
        self._tls = certificate is not None
        self._http2 = http2 if http2 is not None else certificate is not None
        self._workers = workers
        self._log = log
        self._log_level = log_level
        self._lines = [f"keepalive_requests {keepalive_requests};", f"keepalive_timeout {keepalive_timeout};"]
        if certificate is not None:
            self._lines += [
                f"ssl_certificate {certificate.chain};",
                f"ssl_certificate_key {certificate.key};",
                f"ssl_protocols {protocols};",
                f"http2_max_concurrent_streams {max_concurrent_streams};",
                "http2_recv_timeout 1h;",
            ]
        if ciphers:
            self._lines.append(f"ssl_ciphers {ciphers};")
        if client_ca is not None:
            self._lines += [f"ssl_client_certificate {client_ca.certificate};", "ssl_verify_client on;"]
        self._lines += directives
        self._control = 0
        self._looks = 0
        self._forgotten_accepts = 0
        self._forgotten_lines = 0

    @property
    def url(self) -> str:
        """Without a slash at the end; with the address, so that no name is looked up."""
        return self.url_for("127.0.0.1")

    def url_for(self, host: str) -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def _start(self) -> None:
        # The sockets are made here and inherited, so that nobody else can take the ports in between.
        with socket.socket() as service, socket.socket() as control:
            for listener in (service, control):
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(("127.0.0.1", 0))
                listener.listen(511)
            self.port = service.getsockname()[1]
            self._control = control.getsockname()[1]
            config = self.folder / "nginx.conf"
            config.write_text(self._config(), encoding="utf-8")
            descriptors = (service.fileno(), control.fileno())
            self._run(
                [program("nginx"), "-p", self.folder, "-c", config, "-e", self.folder / "error.txt"],
                pass_fds=descriptors,
                NGINX="".join(f"{descriptor};" for descriptor in descriptors),
            )
        self._looks = 0
        eventually("nginx answers", self._started)

    def _config(self) -> str:
        listen = " ssl" if self._tls else ""
        if self._http2:
            listen += " http2"
        return _NGINX_CONFIG.format(
            folder=self.folder,
            # Started by root it would go on as somebody who may not write here.
            user="user root;" if os.geteuid() == 0 else "",
            log_level=self._log_level,
            workers=self._workers,
            files=raise_open_files(),
            access_log=f"{self.folder}/access.log json" if self._log else "off",
            upstream=self._upstream,
            port=self.port,
            listen=listen,
            server="\n        ".join(self._lines),
            control=self._control,
        )

    def _started(self) -> bool:
        if not self._alive():
            raise ServerError(f"nginx did not start: {self._complaint()}")
        try:
            self.status()
        except OSError:
            return False
        return True

    def reload(self) -> None:
        """Reads configuration and certificates again, as for `nginx -s reload`: open connections end when they idle,
        and those that are still busy after two seconds break.
        """

        def ended() -> int:
            return self.errors().count("exited with code")

        before = ended()
        os.kill(self.pid, signal.SIGHUP)
        eventually("nginx has reloaded", lambda: ended() >= before + self._workers)

    def status(self) -> dict[str, int]:
        """Of stub_status: accepts, handled, requests, active; connections for status() itself are left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self._control, timeout=PATIENCE)
        try:
            connection.request("GET", "/status")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        self._looks += 1
        active, accepts, handled, requests = re.findall(r"\d+", text)[:4]
        looks = self._looks
        return {
            "active": int(active) - 1,
            "accepts": int(accepts) - looks,
            "handled": int(handled) - looks,
            "requests": int(requests) - looks,
        }

    def accepted(self) -> int:
        """Connections so far, also those that carried no request."""
        return self.status()["accepts"] - self._forgotten_accepts

    def forget(self) -> None:
        """accepted() and requests() start anew, once all connections so far have been closed."""
        eventually("all connections to nginx are closed", lambda: self.status()["active"] == 0)
        self._forgotten_accepts += self.accepted()
        self._forgotten_lines += len(self.requests())

    def requests(self, at_least: int = 0) -> list[NginxRequest]:
        """The requests answered so far, once there are `at_least` so many: the log may come after the answer."""

        log = self.folder / "access.log"

        def lines() -> list[str]:
            if not log.exists():
                return []
            return log.read_text(encoding="utf-8").splitlines()[self._forgotten_lines :]

        eventually(f"nginx has logged {at_least} requests", lambda: len(lines()) >= at_least)
        return [NginxRequest(**json.loads(line)) for line in lines()]

    def errors(self) -> str:
        """The error log: also why a handshake failed."""
        return (self.folder / "error.txt").read_text(encoding="utf-8", errors="replace")


_TINYPROXY_CONFIG = """
Port {port}
Listen 127.0.0.1
Allow 127.0.0.1
Timeout 3600
MaxClients 2000
LogFile "{folder}/log.txt"
LogLevel Connect
DisableViaHeader Yes
{more}
"""


class Proxy(Server):
    """tinyproxy: an HTTP proxy that does CONNECT, and asks for a password when `user` is given (407, Basic)."""

    # On a SIGTERM it waits for one more connection, at times. It leaves nothing behind either way.
    _ending = signal.SIGKILL

    def __init__(self, user: str = "", password: str = "", *, directives: Sequence[str] = ()) -> None:
        super().__init__()
        self.user = user
        self.password = password
        self._directives = directives

    @property
    def url(self) -> str:
        """With the user's name and password, if it wants any."""
        return _url_with("http", self.user, self.password, self.port)

    @property
    def url_without_password(self) -> str:
        return _url_with("http", "", "", self.port)

    def _start(self) -> None:
        raise_open_files()
        self._run_on_free_port(self._command)

    def _command(self, port: int) -> Sequence[str | Path]:
        more = list(self._directives)
        if self.user:
            more.append(f"BasicAuth {self.user} {self.password}")
        config = self.folder / "tinyproxy.conf"
        config.write_text(
            _TINYPROXY_CONFIG.format(port=port, folder=self.folder, more="\n".join(more)), encoding="utf-8"
        )
        return [program("tinyproxy"), "-d", "-c", config]

    def log(self) -> str:
        path = self.folder / "log.txt"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def requests(self) -> list[str]:
        """The request lines it has received, such as "CONNECT 127.0.0.1:443 HTTP/1.1"."""
        return re.findall(r"Request \(file descriptor \d+\): (.+)", self.log())


class SocksProxy(Server):
    """microsocks: a SOCKS5 proxy, with a password when `user` is given."""

    def __init__(self, user: str = "", password: str = "") -> None:
        super().__init__()
        self.user = user
        self.password = password

    @property
    def url(self) -> str:
        """socks5h: the proxy looks names up."""
        return _url_with("socks5h", self.user, self.password, self.port)

    def _start(self) -> None:
        raise_open_files()
        secret = ["-u", self.user, "-P", self.password] if self.user else []
        self._run_on_free_port(lambda port: [program("microsocks"), "-i", "127.0.0.1", "-p", str(port), *secret])

    def log(self) -> str:
        return (self.folder / "output.txt").read_text(encoding="utf-8", errors="replace")


def _url_with(scheme: str, user: str, password: str, port: int) -> str:
    secret = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    return f"{scheme}://{secret}127.0.0.1:{port}"
