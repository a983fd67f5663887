"""Measures one scorer in a process of its own, whatever its Python: standard library only.

Called as ``subject.py NAME MODE``; reads a request of JSON and writes an answer of JSON.
"""

import gc
import json
import os
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

warnings.simplefilter("ignore")  # of the peer, at a scikit-learn that is not its own

Score = Callable[[Sequence[str]], object]
PAGE_BYTES = resource.getpagesize()
SPANS = "scores and spans"
HELD = 500
FIRST = "شكرا للكاتب على المقال"


def load(name: str, model: str) -> dict[str, Score]:
    """Return a subject's ways to score, from text to all attributes; the first is the usual one."""
    if name == "ghirbal":
        from moderation import load_scorer

        scorer = load_scorer()
        return {
            "scores": lambda texts: scorer.score(texts, spans=False),
            SPANS: lambda texts: scorer.score(texts, spans=True),
            "scores as array": scorer.rounded,
        }
    if name == "arabic-toxic":
        from arabic_toxic import predict_proba

        return {"scores": lambda texts: predict_proba(list(texts))}
    import joblib

    return {"scores": joblib.load(model).predict_proba}


def rss_bytes() -> int:
    """Return the memory that this process has in use now."""
    with open("/proc/self/statm") as file:  # noqa: PTH123 - no pathlib before it is measured
        return int(file.read().split()[1]) * PAGE_BYTES


def best_s(run: Callable[[], object], *, rounds: int = 5) -> float:
    """Return the least time of the processor that one of a few runs took.

    Not by the clock: others on the machine would count too, and ratios swing with their work.
    """
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def one_us(score: Score, texts: Sequence[str]) -> dict[str, float]:
    """Return what one call with one comment takes, in microseconds."""
    times = []
    for text in texts:
        start = time.perf_counter()
        score([text])
        times.append((time.perf_counter() - start) * 1e6)
    return {"p50": statistics.median(times), "p99": statistics.quantiles(times, n=100)[98]}


def measure_memory(name: str, model: str) -> dict[str, float]:
    """Return what loading and scoring once adds to an interpreter with NumPy."""
    import numpy as np

    del np
    bare = rss_bytes()
    load(name, model)["scores"]([FIRST])
    gc.collect()
    return {"above_numpy_mb": (rss_bytes() - bare) / 1e6, "in_all_mb": rss_bytes() / 1e6}


def measure_start(name: str, model: str) -> dict[str, float]:
    """Return how long it is since the process was started, after a first score."""
    load(name, model)["scores"]([FIRST])
    return {"start_s": time.time() - float(os.environ["BENCH_STARTED_AT"])}


def measure_speed(name: str, model: str, request: dict[str, Any]) -> dict[str, Any]:
    """Return times of single comments and rates of batches."""
    ways, batch = load(name, model), request["batch"]
    answer: dict[str, Any] = {"one_us": {}, "batch_per_s": {}}
    for way, score in ways.items():
        score(request["usual"][:50])
        kinds = {kind: one_us(score, request[kind]) for kind in ("short", "usual", "long")}
        if way == SPANS:
            kinds["held"] = one_us(score, held(score, batch))
        answer["one_us"][way] = kinds
        answer["batch_per_s"][way] = len(batch) / best_s(partial(score, batch))
    score = ways["scores"]
    answer["per_comment_us"] = {
        str(size): per_comment_us(score, batch[:size]) for size in request["sizes"]
    }
    for key in ("lengths", "adversarial"):
        answer[f"{key.removesuffix('s')}_us"] = {
            name: best_s(partial(score, [text]), rounds=request["repeats"]) * 1e6
            for name, text in request[key].items()
        }
    return answer


def held(score: Score, texts: Sequence[str]) -> list[str]:
    """Return some of the comments whose words are looked at."""
    scores: Any = score(texts)
    return [text for text, each in zip(texts, scores, strict=True) if each.spans][:HELD]


def per_comment_us(score: Score, batch: Sequence[str]) -> float:
    """Return what a comment takes in a batch."""
    times = max(1, 2_000 // len(batch))

    def run() -> None:
        for _ in range(times):
            score(batch)

    return best_s(run, rounds=3) / times / len(batch) * 1e6


def main() -> None:
    """Answer one request."""
    name, mode = sys.argv[1:3]
    request = json.load(sys.stdin)
    model = request.get("model", "")
    if mode == "start":
        answer = measure_start(name, model)
    elif mode == "memory":
        answer = measure_memory(name, model)
    else:
        answer = measure_speed(name, model, request)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
