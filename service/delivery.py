"""Sending one event: signed, to a public address, within a deadline whatever the receiver does."""

import hmac
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

import orjson
from werkzeug.urls import iri_to_uri

from moderation import __version__
from service.outbox import Letter

DEADLINE_S = 10.0


class RefusedAddressError(Exception):
    """The address is not one that events may go to."""


def signature(secrets: Sequence[str], body: bytes, *, at: int) -> str:
    """Return the header with which a receiver checks who sent a body, and when.

    One ``v1`` for each secret: HMAC-SHA256 over the time, a full stop and the body.
    """
    signed = b"%d.%s" % (at, body)
    digests = [hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={digest}" for digest in digests)])


def send(letter: Letter, *, private: bool, deadline_s: float = DEADLINE_S) -> str | None:
    """Deliver an event; return what went wrong, None if the receiver answered 2xx.

    Parameters
    ----------
    letter : Letter
    private : bool
        Whether it may go to addresses of the own network.
    deadline_s : float
        When all must be over.
    """
    try:
        # In the letters that HTTP knows; what is escaped already stays as it is.
        parts = urlsplit(iri_to_uri(letter.url))
        connection = _connect(parts, private=private, timeout_s=deadline_s)
    except (OSError, HTTPException, RefusedAddressError, ValueError) as error:
        return str(error) or type(error).__name__
    # A receiver that answers byte by byte never runs into a time-out of its socket.
    late = threading.Event()
    timer = threading.Timer(deadline_s, _hang_up, [connection.sock, late])
    timer.daemon = True
    timer.start()
    try:
        return _exchange(connection, parts, letter)
    except (OSError, HTTPException, ValueError) as error:
        if late.is_set() or isinstance(error, TimeoutError):
            return f"no answer within {deadline_s:g} seconds"
        return f"{type(error).__name__}: {error}"
    finally:
        timer.cancel()
        connection.close()


def _exchange(connection: HTTPConnection, parts: SplitResult, letter: Letter) -> str | None:
    if isinstance(connection.sock, ssl.SSLSocket):
        connection.sock.do_handshake()
    body = orjson.dumps(letter.payload)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"ghirbal/{__version__}",
        "Idempotency-Key": letter.key,
        "X-Ghirbal-Event": letter.event,
        "X-Ghirbal-Signature": signature(letter.secrets, body, at=int(time.time())),
    }
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("POST", path, body=body, headers=headers)
    # What it says beside its status is not read: it could be endless.
    status = connection.getresponse().status
    return None if 200 <= status < 300 else f"answered {status}"


def _hang_up(connected: socket.socket, late: threading.Event) -> None:
    late.set()
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _connect(parts: SplitResult, *, private: bool, timeout_s: float) -> HTTPConnection:
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise RefusedAddressError("the address must begin with http:// or https://")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _resolve(parts.hostname, port, private=private)
    connected = socket.create_connection((address, port), timeout_s)
    connection = HTTPConnection(parts.hostname, port, timeout=timeout_s)
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            # Shaken hands in _exchange, where the deadline holds.
            connected = context.wrap_socket(
                connected, server_hostname=parts.hostname, do_handshake_on_connect=False
            )
    except OSError:
        connected.close()
        raise
    # Connected here, to the very address that was checked: a name may change between two looks.
    connection.sock = connected
    return connection


def _resolve(host: str, port: int, *, private: bool) -> str:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if not private:
        for address in addresses:
            if not ip_address(address.partition("%")[0]).is_global:
                raise RefusedAddressError(
                    f"{host} is {address}, which is not a public address; "
                    "the setting webhook_private_addresses allows it"
                )
    return addresses[0]
