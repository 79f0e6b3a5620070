"""A small scripted server for what real servers do not do: broken handshakes, hostile proxies.

    def handler(peer):
        head = peer.read_head()
        peer.send(b"HTTP/1.1 407 Proxy Authentication Required\\r\\ncontent-length: 0\\r\\n\\r\\n")

    with RawServer(handler) as server:
        ...
        server.settle()
        assert server.connections == 1

Each connection has a thread of its own. With a `context` it speaks TLS first; a handshake that fails is noted, and the
handler does not run. What a handler raises, other than a broken connection, fails settle() and the `with` statement.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from servers import Certificate
    from typing_extensions import Self

PATIENCE = 30.0


class Peer:
    """One accepted connection; `received` is what came, after TLS."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext | None = None) -> None:
        self.socket = sock
        self.received = bytearray()
        self.handshake = ""  # why it failed
        self._context = context
        sock.settimeout(PATIENCE)

    def open(self) -> bool:
        """The TLS handshake, if there is to be one."""
        if self._context is None:
            return True
        try:
            self.socket = self._context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
            self.socket.do_handshake()
        except (ssl.SSLError, ConnectionError, TimeoutError) as error:
            self.handshake = str(error)
            self._linger()
            return False
        return True

    def _linger(self) -> None:
        """Reads what is still coming: closing with unread bytes would reset the connection, and the alert with it."""
        with contextlib.suppress(OSError):
            raw = socket.socket(fileno=self.socket.detach())
            self.socket = raw
            raw.shutdown(socket.SHUT_WR)
            raw.settimeout(PATIENCE)
            while raw.recv(65536):
                pass

    def read(self) -> bytes:
        """What comes next, or nothing at the end."""
        data = self.socket.recv(65536)
        self.received += data
        return data

    def read_head(self) -> bytes:
        """Up to the blank line; shorter when the connection ends before."""
        start = len(self.received)
        while b"\r\n\r\n" not in self.received[start:]:
            if not self.read():
                break
        return bytes(self.received[start:])

    def drain(self) -> None:
        """Reads until the other side closes."""
        while self.read():
            pass

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reset(self) -> None:
        """Closes with an RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def tunnel(self, port: int, until: Callable[[int], bool] | None = None) -> None:
        """Copies both ways to a port of 127.0.0.1, until one side closes or `until(bytes answered)` is true."""
        answered = 0
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as other:
            while True:
                pending = isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0
                ready = [self.socket] if pending else select.select([self.socket, other], [], [], PATIENCE)[0]
                if self.socket in ready:
                    data = self.read()
                    if not data:
                        return
                    other.sendall(data)
                if other in ready:
                    data = other.recv(16384)
                    if not data:
                        return
                    self.send(data)
                    answered += len(data)
                    if until is not None and until(answered):
                        return


def drain(peer: Peer) -> None:
    """The handler that only listens."""
    peer.drain()


class RawServer:
    """Listens on a port of loopback that the system chooses; a context manager."""

    def __init__(self, handler: Callable[[Peer], None] = drain, context: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._context = context
        self._listener: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []
        self.peers: list[Peer] = []
        self.port = 0

    @property
    def connections(self) -> int:
        return len(self.peers)

    @property
    def received(self) -> bytes:
        """Of all connections, after TLS."""
        return b"".join(bytes(peer.received) for peer in self.peers)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            peer = Peer(sock, self._context)
            self.peers.append(peer)
            thread = threading.Thread(target=self._serve, args=(peer,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: Peer) -> None:
        try:
            if peer.open():
                self._handler(peer)
        except (ConnectionError, ssl.SSLError):
            pass
        except BaseException as error:
            self._failures.append(error)
        finally:
            peer.socket.close()

    def settle(self) -> None:
        """Waits until all connections so far are over."""
        deadline = time.monotonic() + PATIENCE
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                raise TimeoutError("a connection to the raw server stays open")
        if self._failures:
            raise self._failures[0]

    def close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is None:
            return
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if kind is None:
            self.settle()


def server_context(certificate: Certificate, *, client_ca: str | None = None, tls_1_3: bool = True) -> ssl.SSLContext:
    """A context for RawServer; with `client_ca` the handshake fails for a client without a certificate of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    if not tls_1_3:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context
