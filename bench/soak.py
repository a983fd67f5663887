"""Sends a million requests to one worker of `ghirbal serve` and watches its memory.

Four of five are comments:analyze on texts that differ every time; the rest are batches, other
formats and requests that are answered with an error.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from http_load import Load, free_port, processes, resident_mb, wait_until_it_listens, wire

REPORT = Path(__file__).parents[1] / "reports" / "soak.json"
ORDINARY = Path(__file__).with_name("ordinary.txt")
GHIRBAL = Path(sys.executable).with_name("ghirbal")
REQUESTS = int(os.environ.get("REQUESTS", "1000000"))
SAMPLES = 20
LIMIT_MB = 120
LIMIT_S = 3_600
STATUSES = frozenset({200, 400, 404})


def requests(key: str) -> Iterator[bytes]:
    """Yield requests without end."""
    texts = ORDINARY.read_text(encoding="utf-8").splitlines()
    for number in count():
        text = f"{texts[number % len(texts)]} {number}"
        if number % 5:
            asked = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}}
            yield wire("/v1alpha1/comments:analyze", asked, key)
        else:
            yield _other(text, number // 5, key)


def _other(text: str, number: int, key: str) -> bytes:
    analyze, asked = "/v1alpha1/comments:analyze", {"comment": {"text": text * 40}}
    others = (
        ("/v1/score", {"text": text}, key),
        ("/v1/score", {"comments": [{"text": f"{text} {each}"} for each in range(50)]}, key),
        ("/v1/moderations", {"input": [text, text[::-1]]}, key),
        (analyze, asked | {"requestedAttributes": {"INSULT": {}}, "spanAnnotations": True}, key),
        (analyze, {"comment": {"text": ""}}, key),
        (analyze, asked, f"unknown-{number}"),
        (f"/v1/nothing/{number}", {}, key),
    )
    return wire(*others[number % len(others)])


def watch(worker: int, port: int, key: str) -> list[dict[str, float]]:
    """Send all requests and return what was measured at each twentieth of them."""
    endless, samples = requests(key), []
    for number in range(1, SAMPLES + 1):
        started = time.perf_counter()
        load = Load(endless, seconds=LIMIT_S, most=REQUESTS // SAMPLES, expected=STATUSES)
        asyncio.run(load.run(port))
        rate = len(load.latencies) / (time.perf_counter() - started)
        sent = number * REQUESTS // SAMPLES
        memory = round(resident_mb(worker), 1)
        samples.append({"requests": sent, "worker_mb": memory, "per_s": round(rate)})
        sys.stdout.write(f"{sent:>10,} requests  {memory:6.1f} MB  {rate:7,.0f} a second\n")
        sys.stdout.flush()
    return samples


def main() -> None:
    """Start a service, send the requests, and fail where its memory grows or is too much."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"GHIRBAL_DATABASE_URL": f"sqlite:///{folder}/g.sqlite3"}
        port, key = free_port(), Path(folder) / "key"
        command = [GHIRBAL, "serve", "--port", str(port), "--demo-key", str(key)]
        with subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
        ) as process:
            try:
                wait_until_it_listens(port)
                worker = processes(process.pid)[-1]
                samples = watch(worker, port, key.read_text(encoding="utf-8").strip())
            finally:
                process.terminate()
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(samples, indent=2) + "\n", encoding="utf-8")
    most = max(each["worker_mb"] for each in samples)
    # What the first requests load and reserve comes once.
    growth = samples[-1]["worker_mb"] - samples[SAMPLES // 4]["worker_mb"]
    sys.stdout.write(f"at most {most} MB, {growth:+.1f} MB over the last three quarters\n")
    if most >= LIMIT_MB or growth > LIMIT_MB / 50:
        raise SystemExit(f"a worker must stay under {LIMIT_MB} MB and not grow")


if __name__ == "__main__":
    main()
