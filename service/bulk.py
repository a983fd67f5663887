"""Scores part after part, here, on all cores or on a cluster; results keep their order."""

import gc
import gzip
import itertools
import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import orjson

from moderation import ModelError, Policy, load_scorer
from service.bulk_input import Part, Place
from service.judge import Judge

_WORTH_A_PROCESS = 6  # parts; fewer are done before a second process has started
_GZIP_LEVEL = 5


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
def _judge(model_path: str, weights: str, policy: str) -> Judge:
    scorer = load_scorer(model_path or None)
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
        judgements = judge.judge([line.text for line in good], spans=task.spans)
        output = b"".join(
            orjson.dumps(
                {"id": line.id, **judgement.to_document()}, option=orjson.OPT_APPEND_NEWLINE
            )
            for line, judgement in zip(good, judgements, strict=True)
        )
    finally:
        gc.enable()
    if task.gzipped:
        output = gzip.compress(output, _GZIP_LEVEL, mtime=0)
    return Done(output, problems, len(good), part.end)


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
    """
    if cluster is not None:
        yield from _on_cluster(parts, task, cluster)
        return
    first = [] if jobs == 1 else list(itertools.islice(parts, _WORTH_A_PROCESS))
    if len(first) < _WORTH_A_PROCESS:
        for part in itertools.chain(first, parts):
            yield score_part(part, task)
        return
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="3*n_jobs", batch_size=1)
    yield from parallel(delayed(score_part)(part, task) for part in itertools.chain(first, parts))


def _on_cluster(parts: Iterator[Part], task: Task, address: str) -> Iterator[Done]:
    from joblib import Parallel, delayed, parallel_config

    from service.cluster import connected

    with connected(address), parallel_config(backend="dask", wait_for_workers_timeout=30):
        parallel = Parallel(return_as="generator", pre_dispatch="3*n_jobs", batch_size=1)
        yield from parallel(delayed(score_part)(part, task) for part in parts)


def model_of(path: Path | None) -> tuple[str, str, str]:
    """Return path, version and checksum of a model, for a `Task`."""
    scorer = load_scorer(path)
    weights = str(scorer.manifest["files"]["weights.npz"])
    return str(path.resolve()) if path else "", scorer.version, weights
