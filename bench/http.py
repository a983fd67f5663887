"""Measures the service over HTTP as ratios to an empty Flask view under the same server.

Server and load generator share the machine. Both applications run at once and are asked in turns,
so that whatever else the machine does meets both of them.
"""

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path

from http_load import Load, free_port, wire

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "reports" / "http.json"
ORDINARY = Path(__file__).with_name("ordinary.txt")
SERVERS = ("granian", "gunicorn", "waitress")
TURNS = 5
TURN_S = 1.0
BATCH = 100
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

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
        self.port = free_port()
        # As `ghirbal serve` sets it: workers share their counters.
        self.counters = tempfile.TemporaryDirectory()
        environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": self.counters.name}
        command = [sys.executable, "-c", SERVE, which, server, str(self.port)]
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> "Running":
        """Wait until it listens."""
        for _ in range(400):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise SystemExit("the server did not start")

    def __exit__(self, *_: object) -> None:
        """End it with its workers."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.counters.cleanup()

    def processes(self) -> list[int]:
        """Return the main process and its workers."""
        main = self.process.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii")
        return [main, *map(int, children.split())]

    def cpu_s(self) -> float:
        """Return the processor time of all its processes so far."""
        stats = [
            Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            for each in self.processes()
        ]
        return sum(int(stat[11]) + int(stat[12]) for stat in stats) * TICK_S

    def worker_mb(self) -> float:
        """Return the resident memory of the process that answers."""
        pages = Path(f"/proc/{self.processes()[-1]}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def measured(running: Running, requests: list[bytes]) -> tuple[float, float]:
    """Return answers a second and processor seconds per answer of one turn."""
    before, started = running.cpu_s(), time.perf_counter()
    load = Load(cycle(requests), seconds=TURN_S)
    asyncio.run(load.run(running.port))
    count = len(load.latencies)
    return count / (time.perf_counter() - started), (running.cpu_s() - before) / count


def p99_ms(running: Running, requests: list[bytes], rate: float) -> float:
    """Return the 99th percentile of the time to an answer at a given rate."""
    load = Load(cycle(requests), seconds=TURNS * TURN_S, rate=rate)
    asyncio.run(load.run(running.port))
    return statistics.quantiles(load.latencies, n=100)[98] * 1_000


def measure(server: str, key: str) -> dict[str, float]:
    """Measure both applications under one server."""
    texts = ORDINARY.read_text(encoding="utf-8").splitlines()
    wanted = [
        {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}} for text in texts
    ]
    batch = {"comments": [{"text": texts[number % len(texts)]} for number in range(BATCH)]}
    to_empty = [wire("/", each, key) for each in wanted]
    to_analyze = [wire("/v1alpha1/comments:analyze", each, key) for each in wanted]
    with Running("empty", server) as empty, Running("service", server) as service:
        measured(empty, to_empty)
        measured(service, to_analyze)
        pairs = [(measured(empty, to_empty), measured(service, to_analyze)) for _ in range(TURNS)]
        analyze_per_s = statistics.median(pair[1][0] for pair in pairs)
        p99 = p99_ms(service, to_analyze, analyze_per_s / 2)
        batches = [measured(service, [wire("/v1/score", batch, key)])[0] for _ in range(TURNS)]
        memory = service.worker_mb()
    return {
        "empty_view_per_s": round(statistics.median(pair[0][0] for pair in pairs)),
        "analyze_per_s": round(analyze_per_s),
        "analyze_to_empty": round(statistics.median(b[0] / a[0] for a, b in pairs), 2),
        "empty_view_cpu_us": round(statistics.median(pair[0][1] for pair in pairs) * 1e6),
        "analyze_cpu_us": round(statistics.median(pair[1][1] for pair in pairs) * 1e6),
        "p99_ms_at_half_load": round(p99, 1),
        f"comments_per_s_in_batches_of_{BATCH}": round(statistics.median(batches) * BATCH),
        "worker_mb": round(memory),
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
