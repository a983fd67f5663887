"""Between granian and the application: requests come whole, or in the end with an error.

Under granian's own WSGI a client that sends its body slowly holds a thread for as long as it likes,
and a handful of such clients the service. Here bodies are awaited, with an end, before a thread is
given to them.
"""

import asyncio
import io
import signal
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, Protocol
from wsgiref.types import StartResponse, WSGIApplication

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined] # there, but untyped
from werkzeug.exceptions import RequestTimeout

Headers = list[tuple[str, str]]
Answer = tuple[int, Headers, bytes]

# Threads of a worker: one computes, the others wait for the disk or the database.
_THREADS = 4
_BASE = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "granian",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}
_DIGITS = 19
_BARE = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class Incoming(Protocol):
    """What granian knows of a request before its body."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None

    @property
    def headers(self) -> Any: ...  # noqa: ANN401, D102 - a type of granian's


class Gateway:
    """An RSGI application made from a WSGI application.

    Parameters
    ----------
    app : WSGIApplication
    max_body_bytes : int
        No more of a body is read than this and one byte.
    timeout_s : float
        How long a body may take to come, and then an answer to be made.
    at_once : callable, optional
        Returns the answer to a request that needs no waiting, None to all others.
    too_late : callable, optional
        Returns what is answered to a request whose answer was not made in time.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        max_body_bytes: int,
        timeout_s: float,
        at_once: Callable[[dict[str, Any]], Answer | None] = lambda environ: None,
        too_late: Callable[[dict[str, Any]], Answer] = lambda environ: (503, [], b""),
    ) -> None:
        self._app = app
        self._at_once, self._too_late = at_once, too_late
        self._max_body_bytes = max_body_bytes
        self._timeout_s = timeout_s
        # Its threads start with the first requests, in the worker process.
        self._threads = ThreadPoolExecutor(_THREADS)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take signals from now on: granian has its handlers in place."""
        # A worker of granian 2.8 that is told twice to stop forgets the requests under way, and
        # Ctrl-C reaches it twice: from the terminal and from the main process.
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})

    async def __rsgi__(self, scope: Incoming, protocol: Any) -> None:  # noqa: ANN401 - granian's
        """Answer a request."""
        environ = _environ(scope)
        try:
            environ["wsgi.input"] = await self._body(environ, protocol)
        except ProtocolClosed:
            # Whoever asked has stopped in the middle of the body; seldom there to read this.
            protocol.response_bytes(400, [("connection", "close")], b"")
            return
        answer = self._at_once(environ) or await self._answer(environ)
        protocol.response_bytes(*answer)

    async def _answer(self, environ: dict[str, Any]) -> Answer:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await loop.run_in_executor(self._threads, self._call, environ)
        except TimeoutError:
            return self._too_late(environ)

    async def _body(self, environ: dict[str, Any], protocol: Any) -> "io.BytesIO | _Late":  # noqa: ANN401 - granian's
        length = environ.get("CONTENT_LENGTH", "")
        # HTTP/2 needs neither header to send a body.
        announced = length or "HTTP_TRANSFER_ENCODING" in environ
        if not announced and environ["SERVER_PROTOCOL"] != "HTTP/2":
            return io.BytesIO()
        known = int(length) if length.isdecimal() and len(length) < _DIGITS else None
        if known is not None and known > self._max_body_bytes + 1:
            # The application refuses it by its length.
            return io.BytesIO()
        try:
            async with asyncio.timeout(self._timeout_s):
                return io.BytesIO(await protocol()) if known else await self._bounded(protocol)
        except TimeoutError:
            return _Late()

    async def _bounded(self, protocol: Any) -> io.BytesIO:  # noqa: ANN401 - granian's
        body = io.BytesIO()
        async for chunk in protocol:
            body.write(chunk)
            if body.tell() > self._max_body_bytes:
                break
        body.seek(0)
        return body

    def _call(self, environ: dict[str, Any]) -> Answer:
        started: list[tuple[str, Headers]] = []

        def start(status: str, headers: Headers, _exception: object = None) -> Any:  # noqa: ANN401 - as PEP 3333 has it
            started[:] = [(status, headers)]

        begin: StartResponse = start
        chunks: Iterable[bytes] = self._app(environ, begin)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        status, headers = started[0]
        return int(status[:3]), headers, body


class _Late(io.RawIOBase):
    """A body that did not come."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: object) -> NoReturn:
        raise RequestTimeout


def _environ(scope: Incoming) -> dict[str, Any]:
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = _BASE | {
        "REQUEST_METHOD": scope.method,
        # WSGI carries bytes as Latin-1.
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.url_scheme": scope.scheme,
    }
    for name, value in scope.headers.items():
        # A name with an underscore could pass for another one, which a proxy watches over.
        if "_" in name:
            continue
        variable = _BARE.get(name) or f"HTTP_{name.upper().replace('-', '_')}"
        known = environ.get(variable)
        # HTTP/2 may send each cookie by itself.
        mark = "; " if name == "cookie" else ","
        environ[variable] = value if known is None else f"{known}{mark}{value}"
    if scope.authority and "HTTP_HOST" not in environ:
        environ["HTTP_HOST"] = scope.authority
    return environ
