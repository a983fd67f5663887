"""What the operator can watch; the only module that imports prometheus_client."""

import mmap
import os
import struct
import time
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock

from flask import Blueprint, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from moderation import ATTRIBUTES, Action
from service.auth import requires
from service.judge import Judgement
from service.metrics_folder import FOLDER_VARIABLE
from service.state import service_state

LATE_S = 0.8
"""After this Coral gives up on an answer and publishes the comment."""

_DEGRADED_FOR_S = 60
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, LATE_S, 2.5, 10)
_SCORES = tuple(step / 10 for step in range(1, 11))
_AT_ONCE = 256
_COUNT_EVERY_S = 0.25
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Metrics:
    """The counters of an application, shared by its worker processes where there are several."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "ghirbal_http_requests",
            "Requests answered.",
            ["endpoint", "method", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "ghirbal_http_request_duration_seconds",
            "Time to an answer, without the time on the network.",
            ["endpoint"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._errors = Counter(
            "ghirbal_http_errors", "Errors answered, by their code.", ["type"], registry=registry
        )
        scores = Histogram(
            "ghirbal_comment_score",
            "Scores of comments.",
            ["attribute"],
            buckets=_SCORES,
            registry=registry,
        )
        self._scores = [(name, scores.labels(name)) for name in ATTRIBUTES]
        actions = Counter(
            "ghirbal_comment_actions",
            "Actions that the policy took or would take on scored comments.",
            ["action"],
            registry=registry,
        )
        self._actions = {action: actions.labels(action.value) for action in Action}
        self._late = Counter(
            "ghirbal_late_answers",
            "Answers to comment systems that publish unscored by then: failed, or after 800 ms.",
            ["endpoint"],
            registry=registry,
        )
        # To look labels up takes longer than to count.
        self._of_requests = lru_cache(self._find)
        self._waiting: list[Judgement] = []
        self._count_at = 0.0
        self._lock = Lock()
        # Memory that forked workers share: whichever is asked knows of the others.
        self._last_late = mmap.mmap(-1, 8)

    def answered(self, *, endpoint: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        counter, histogram = self._of_requests(endpoint, method, status)
        counter.inc()
        histogram.observe(seconds)
        if time.monotonic() >= self._count_at and self._waiting:
            self._count()

    def _find(self, endpoint: str, method: str, status: int) -> tuple[Counter, Histogram]:
        method = method if method in _METHODS else "other"
        return self._requests.labels(endpoint, method, status), self._seconds.labels(endpoint)

    def failed(self, error_type: str) -> None:
        """Count an error by its code."""
        self._errors.labels(error_type).inc()

    def late(self, endpoint: str) -> None:
        """Count an answer that came too late to be of use."""
        self._late.labels(endpoint).inc()
        self._last_late[:] = struct.pack("d", time.time())

    @property
    def degraded(self) -> bool:
        """Whether an answer came too late within the last minute."""
        (last,) = struct.unpack("d", self._last_late[:])
        return bool(time.time() - last < _DEGRADED_FOR_S)

    def judged(self, judgements: Sequence[Judgement]) -> None:
        """Count scores and actions, at the latest with the first request after a moment.

        To count one comment by itself takes longer than to score it.
        """
        with self._lock:
            self._waiting.extend(judgements)
        if len(self._waiting) >= _AT_ONCE:
            self._count()

    def _count(self) -> None:
        with self._lock:
            judgements, self._waiting = self._waiting, []
            self._count_at = time.monotonic() + _COUNT_EVERY_S
        for action, number in Tally(each.outcome.action for each in judgements).items():
            self._actions[action].inc(number)
        for name, histogram in self._scores:
            values = [each.score.scores[name] for each in judgements]
            # There is no public way to add many values at once.
            histogram._sum.inc(sum(values))
            for bucket, number in Tally(bisect_left(_SCORES, value) for value in values).items():
                histogram._buckets[bucket].inc(number)

    def exposition(self) -> bytes:
        """Return all counters in the text format of Prometheus."""
        self._count()
        if FOLDER_VARIABLE not in os.environ:
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library's
        return generate_latest(registry)


metrics_page = Blueprint("metrics", __name__)


@metrics_page.get("/metrics")
@requires(None)
def metrics() -> Response:
    """Show the counters to Prometheus."""
    return Response(service_state().metrics.exposition(), content_type=CONTENT_TYPE_LATEST)
