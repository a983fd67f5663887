"""A load generator: requests as they go over the wire, over several connections at once."""

import asyncio
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CONNECTIONS = 8


def wire(path: str, document: object, key: str) -> bytes:
    """Return a request as it goes over the wire."""
    body = json.dumps(document, ensure_ascii=False).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_listens(port: int) -> None:
    """Wait for a server to start."""
    for _ in range(400):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the server did not start")


def processes(main: int) -> list[int]:
    """Return a main process and its workers."""
    children = Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii")
    return [main, *map(int, children.split())]


def resident_mb(process: int) -> float:
    """Return the resident memory of a process."""
    pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


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
        done = now >= load.end or load.sent == load.most
        request = None if done else next(load.requests, None)
        if request is None:
            self.transport.close()
            return
        load.sent += 1
        if self.begun > now:
            load.loop.call_later(self.begun - now, self.transport.write, request)
        else:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Note the time of a whole answer and go on."""
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return
        if int(head[9:12]) not in self.load.expected:
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
    """Requests to a server, for a while or up to a number, over several connections.

    Parameters
    ----------
    requests : iterator of bytes
    seconds : float
    rate : float, optional
        Requests a second; as many as are answered if not given.
    most : int, optional
        Requests after which it ends.
    expected : set of int
        Statuses; any other one ends the measurement.
    connections : int
    """

    def __init__(
        self,
        requests: Iterator[bytes],
        *,
        seconds: float,
        rate: float | None = None,
        most: int | None = None,
        expected: frozenset[int] = frozenset({200}),
        connections: int = CONNECTIONS,
    ) -> None:
        self.requests, self.seconds, self.rate, self.most = requests, seconds, rate, most
        self.expected = expected
        self.latencies: list[float] = []
        self.sent = 0
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
