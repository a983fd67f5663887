"""Measures the service over HTTP as ratios to an empty Flask view under the same server.

Server and load generator share the machine; all figures of one run are made minutes apart.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "reports" / "http.json"
SERVERS = ("granian", "gunicorn", "waitress")
CONNECTIONS = 8
SECONDS = 3.0
TEXT = "شكرا على هذا المقال المفيد والجميل جدا"

# Run in a process of its own: both applications under the same server and settings.
SERVE = """
import sys
from flask import Flask
from service.app import build_app
from service.settings import load_settings
which, server, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
settings = load_settings({"port": port})
app = Flask("empty")
app.add_url_rule("/", view_func=lambda: "", methods=["POST"])
if which == "service":
    app = build_app(settings)
if server == "granian":
    from service.server import run
    run(app, settings, on_listening=lambda: None)
elif server == "waitress":
    from waitress import serve
    serve(app, host="127.0.0.1", port=port, threads=4)
else:
    from gunicorn.app.base import BaseApplication
    class Application(BaseApplication):
        def load_config(self):
            options = {"bind": f"127.0.0.1:{port}", "workers": 1, "threads": 4, "keepalive": 30}
            for name, value in options.items():
                self.cfg.set(name, value)
        def load(self):
            return app
    Application().run()
"""


def prepare(url: str) -> str:
    """Make the database and a key."""
    from service.database import open_engine, upgrade, writing
    from service.keys import Scope, add_key

    engine = open_engine(url)
    upgrade(engine)
    with writing(engine) as connection:
        key = add_key(connection, "bench", [Scope.SCORE])
    engine.dispose()
    return key


class Running:
    """An application under a server, as long as the block lasts."""

    def __init__(self, which: str, server: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-c", SERVE, which, server, str(self.port)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, **quiet)  # noqa: S603 - our own command

    def __enter__(self) -> int:
        """Wait until it listens."""
        for _ in range(400):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self.port
        raise SystemExit("the server did not start")

    def __exit__(self, *_: object) -> None:
        """End it with its workers."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


def request(path: str, body: bytes, key: str) -> bytes:
    """Return a request as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def load(port: int, sent: bytes, *, rate: float | None = None) -> tuple[float, float]:
    """Send requests for a while; return how many were answered a second, and the p99 in ms."""
    latencies: list[float] = []
    started = time.perf_counter()

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        due = started + (number / rate if rate else 0)
        while time.perf_counter() < started + SECONDS:
            if rate:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            # At a given rate waiting in line counts too, else a slow server would hide it.
            begun = due if rate else time.perf_counter()
            writer.write(sent)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise SystemExit("the server answered with an error")
            await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
            latencies.append(time.perf_counter() - begun)
            due += CONNECTIONS / rate if rate else 0
        writer.close()

    await asyncio.gather(*(client(number) for number in range(CONNECTIONS)))
    latencies.sort()
    elapsed = time.perf_counter() - started
    return len(latencies) / elapsed, latencies[int(len(latencies) * 0.99)] * 1_000


def measure(server: str, key: str) -> dict[str, float]:
    """Measure both applications under one server."""
    comment = {"comment": {"text": TEXT}, "requestedAttributes": {"TOXICITY": {}}}
    analyze = request("/v1alpha1/comments:analyze", json.dumps(comment).encode(), key)
    many = json.dumps({"comments": [{"text": TEXT}] * 100}).encode()
    with Running("empty", server) as port:
        empty, _ = asyncio.run(load(port, request("/", analyze.split(b"\r\n\r\n")[1], key)))
    with Running("service", server) as port:
        asyncio.run(load(port, analyze))  # warm
        scored, _ = asyncio.run(load(port, analyze))
        _, p99 = asyncio.run(load(port, analyze, rate=scored / 2))
        batches, _ = asyncio.run(load(port, request("/v1/score", many, key)))
    return {
        "empty_view_per_s": round(empty),
        "analyze_per_s": round(scored),
        "analyze_to_empty": round(scored / empty, 3),
        "p99_ms_at_half_load": round(p99, 1),
        "comments_per_s_in_batches_of_100": round(batches * 100),
    }


def main() -> None:
    """Measure all servers and write the report."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ghirbal.sqlite3"
        os.environ["GHIRBAL_DATABASE_URL"] = url
        key = prepare(url)
        figures = {server: measure(server, key) for server in SERVERS}
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
