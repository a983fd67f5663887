"""Scores part after part, here, on all cores or on a cluster; results keep their order."""

import gc
import gzip
import itertools
import json
import math
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from moderation import ATTRIBUTES, ModelError, Policy, Scorer, load_scorer
from service.bulk_input import Part, Place
from service.errors import InputError
from service.judge import Judge

_WORTH_A_PROCESS = 6  # parts; fewer are done before a second process has started
_GZIP_LEVEL = 5
_AHEAD = 8  # parts for each process, so that none waits while results are put on the disk
_FORKS = sys.platform == "linux"  # elsewhere libraries of the system may not survive it


@dataclass(frozen=True, slots=True)
class Task:
    """What is done with every part.

    Parameters
    ----------
    model_path : str
        Model folder; empty for the shipped model.
    weights : str
        SHA-256 that the model's weights must have, wherever the task runs.
    policy : str
        The policy's document as JSON; empty for the one that the model suggests.
    spans, gzipped : bool
        Whether to look for words behind scores, and to compress the results.
    """

    model_path: str
    weights: str
    policy: str
    spans: bool
    gzipped: bool


@dataclass(frozen=True, slots=True)
class Done:
    """The results of one part.

    Parameters
    ----------
    output : bytes
        A line of JSON per comment, compressed where that is wanted.
    problems : list of str
        What was wrong with the others, by line.
    comments : int
        How many were scored.
    end : Place
        Where the part ends.
    """

    output: bytes
    problems: list[str]
    comments: int
    end: Place


@lru_cache(maxsize=2)
def _scorer(model_path: str) -> Scorer:
    return load_scorer(model_path or None)


@lru_cache(maxsize=2)
def _judge(model_path: str, weights: str, policy: str) -> Judge:
    scorer = _scorer(model_path)
    found = scorer.manifest["files"]["weights.npz"]
    if found != weights:
        raise ModelError(
            f"this worker has another model (weights {found[:12]} instead of {weights[:12]}): "
            "install the same version of ghirbal on all workers, the model under the same path"
        )
    return Judge(
        scorer, Policy.from_document(json.loads(policy)) if policy else scorer.default_policy()
    )


def score_part(part: Part, task: Task) -> Done:
    """Score the comments of one part."""
    judge = _judge(task.model_path, task.weights, task.policy)
    # Everything here is freed by reference counts; looking for cycles among the results takes a
    # tenth of the time.
    gc.disable()
    try:
        good, problems = [], []
        for line in part.comments():
            if line.problem:
                problems.append(f"line {line.number}: {line.problem}")
            else:
                good.append(line)
        documents = _documents(judge, [line.text for line in good], spans=task.spans)
        output = b"".join(
            orjson.dumps({"id": line.id, **document}, option=orjson.OPT_APPEND_NEWLINE)
            for line, document in zip(good, documents, strict=True)
        )
    finally:
        gc.enable()
    if task.gzipped:
        output = gzip.compress(output, _GZIP_LEVEL, mtime=0)
    return Done(output, problems, len(good), part.end)


def _documents(judge: Judge, texts: list[str], *, spans: bool) -> list[dict[str, Any]]:
    """Return what `Judge` says of each text; of what is far from a threshold, by numbers alone."""
    policy, scorer = judge.policy, judge.scorer
    if policy.banned or policy.suspect:
        return [each.to_document() for each in judge.judge(texts, spans=spans)]
    # What comes near a threshold is explained, too.
    near = scorer.explain_at if spans else {}
    cuts = [
        min(
            policy.thresholds[name].review_at if name in policy.thresholds else math.inf,
            near.get(name, math.inf),
        )
        for name in ATTRIBUTES
    ]
    rows = scorer.rounded(texts)
    approved = {"model": scorer.version, "policy": policy.version}
    documents: list[dict[str, Any]] = [
        {
            "action": "approve",
            "scores": dict(zip(ATTRIBUTES, row, strict=True)),
            "reasons": (),
            "spans": (),
            **approved,
        }
        for row in rows.tolist()
    ]
    close = np.flatnonzero((rows >= cuts).any(axis=1)).tolist()
    judged = judge.judge([texts[i] for i in close], spans=spans)
    for i, judgement in zip(close, judged, strict=True):
        documents[i] = judgement.to_document()
    return documents


def score_parts(
    parts: Iterator[Part], task: Task, *, jobs: int, cluster: str | None
) -> Generator[Done]:
    """Score all parts, in order.

    Parameters
    ----------
    parts : iterator of Part
        Taken as they are needed, a few ahead.
    task : Task
        What to do.
    jobs : int
        Processes on this machine; -1 for one per core.
    cluster : str or None
        Address of a Dask scheduler whose workers do it instead.

    Raises
    ------
    InputError
        If the input is damaged, behind the results of what could be read.
    """
    faults: list[InputError] = []
    yield from _score_all(_up_to_fault(parts, faults), task, jobs=jobs, cluster=cluster)
    if faults:
        raise faults[0]


def _up_to_fault(parts: Iterator[Part], faults: list[InputError]) -> Iterator[Part]:
    """Note the error at which parts end; raised at once, it would cost those that are ahead."""
    try:
        yield from parts
    except InputError as error:
        faults.append(error)


def _score_all(
    parts: Iterator[Part], task: Task, *, jobs: int, cluster: str | None
) -> Iterator[Done]:
    if cluster is not None:
        yield from _on_cluster(parts, task, cluster)
        return
    first = [] if jobs == 1 else list(itertools.islice(parts, _WORTH_A_PROCESS))
    if len(first) < _WORTH_A_PROCESS:
        for part in itertools.chain(first, parts):
            yield score_part(part, task)
        return
    yield from _on_cores(itertools.chain(first, parts), task, jobs if jobs > 0 else _cores())


def _on_cores(parts: Iterator[Part], task: Task, jobs: int) -> Generator[Done]:
    if _FORKS:
        # Ready before the processes are forked: each would have to load it.
        _judge(task.model_path, task.weights, task.policy).judge([""])
    with _pool(jobs) as pool:
        with _deaf_children():
            ahead = deque(
                pool.submit(score_part, part, task)
                for part in itertools.islice(parts, _AHEAD * jobs)
            )
        while ahead:
            done = ahead.popleft().result()
            ahead.extend(pool.submit(score_part, each, task) for each in itertools.islice(parts, 1))
            yield done


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Yield processes that share the model of this one where the system can fork.

    They are all forked at the first task, before the pool starts a thread.
    """
    way = get_context("fork" if _FORKS else "spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=way, initializer=_end_with_parent)
    with warnings.catch_warnings():
        # Python 3.12 warns of threads, of which NumPy has some for matrices, that it looks after.
        warnings.filterwarnings("ignore", ".*use of fork", DeprecationWarning)
        try:
            yield pool
        except BrokenProcessPool as error:
            raise InputError(
                "a process that scored was killed, perhaps for want of memory: go on with --resume"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Let this process not outlive the one that started it, however that ends."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _cores() -> int:
    """Return how many processes a container or a mask of cores leaves room for."""
    from joblib import cpu_count

    return int(cpu_count())


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Let the processes that are started meanwhile leave an interrupt to this one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _on_cluster(parts: Iterator[Part], task: Task, address: str) -> Iterator[Done]:
    from joblib import Parallel, delayed, parallel_config

    from service.cluster import connected

    with connected(address), parallel_config(backend="dask", wait_for_workers_timeout=30):
        parallel = Parallel(return_as="generator", pre_dispatch="3*n_jobs", batch_size=1)
        yield from parallel(delayed(score_part)(part, task) for part in parts)


def model_of(path: Path | None) -> tuple[str, str, str]:
    """Return path, version and checksum of a model, for a `Task`."""
    model_path = str(path.resolve()) if path else ""
    scorer = _scorer(model_path)
    return model_path, scorer.version, str(scorer.manifest["files"]["weights.npz"])
