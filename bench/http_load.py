"""Requests to a server on this machine, sent as fast as they are answered or at a given rate."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

CONNECTIONS = 8


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wire(path: str, document: object, key: str) -> bytes:
    """Return a request as it goes over the wire."""
    body = json.dumps(document, ensure_ascii=False).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Client(asyncio.Protocol):
    """One connection that sends a request when the one before was answered, or when it is due."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.received = b""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's
        """Begin."""
        self.transport = transport
        self.send()

    def send(self) -> None:
        """Send the next request, at a given rate not before it is due."""
        load, now = self.load, time.perf_counter()
        self.begun = now
        if load.rate:
            # Waiting in line counts too, else a slow server would hide it.
            self.begun, load.due = load.due, load.due + 1 / load.rate
        request = next(load.requests, None) if now < load.end else None
        if request is None:
            self.transport.close()
        elif self.begun > now:
            load.loop.call_later(self.begun - now, self.transport.write, request)
        else:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Note the time of a whole answer and go on."""
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return
        if not head.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 201 ")):
            raise SystemExit(f"the server answered with an error: {head[:60]!r}")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        if len(body) >= int(length):
            self.received = b""
            self.load.latencies.append(time.perf_counter() - self.begun)
            self.send()

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell the load that this connection is done."""
        self.load.open -= 1
        if not self.load.open:
            self.load.done.set_result(None)


class Load:
    """Requests to a server for a while, over several connections."""

    def __init__(
        self,
        requests: Iterator[bytes],
        *,
        seconds: float,
        rate: float | None = None,
        connections: int = CONNECTIONS,
    ) -> None:
        self.requests, self.seconds, self.rate = requests, seconds, rate
        self.latencies: list[float] = []
        self.connections = self.open = connections

    async def run(self, port: int) -> None:
        """Send them."""
        self.loop = asyncio.get_running_loop()
        self.done = self.loop.create_future()
        self.due = time.perf_counter()
        self.end = self.due + self.seconds
        for _ in range(self.connections):
            await self.loop.create_connection(lambda: Client(self), "127.0.0.1", port)
        await self.done
