"""What is noted of every request: an id, the time it took, what came of it; never its text."""

import logging
import re
import time
from collections.abc import Callable
from functools import lru_cache, partial
from random import getrandbits
from urllib.parse import quote

from flask import Flask, Response, g, request

from service.judge import Judge
from service.metrics import LATE_S, Metrics

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Comment systems that publish a comment unscored when they get no answer in time.
_IMPATIENT = {"perspective.analyze", "coral.moderation_phase"}
_SAFE = " !#$&'()*+,/:;=?@[]"
_log = logging.getLogger("service.requests")


def observe(app: Flask, *, judge: Callable[[], Judge], metrics: Metrics) -> None:
    """Register the hooks on `app`; to be called before any other hook is registered."""
    # Headers hold Latin-1 at most, and a newsroom may name its policy in Arabic.
    quoted = lru_cache(partial(quote, safe=_SAFE))

    def start() -> None:
        g.started = time.perf_counter()
        given = request.environ.get("HTTP_X_REQUEST_ID", "")
        g.request_id = given if _ID.fullmatch(given) else f"{getrandbits(64):016x}"

    def finish(response: Response) -> Response:
        # Added, not set: nobody else names these, and looking for them takes longer.
        headers = response.headers
        current = judge()
        headers.add("X-Ghirbal-Model", quoted(current.scorer.version))
        headers.add("X-Ghirbal-Policy", quoted(current.policy.version))
        headers.add("X-Request-Id", g.request_id)
        seconds = time.perf_counter() - g.started
        endpoint = request.endpoint or "none"
        status = response.status_code
        metrics.answered(endpoint=endpoint, method=request.method, status=status, seconds=seconds)
        if "error_type" in g:
            metrics.failed(g.error_type)
        if endpoint in _IMPATIENT and (status >= 500 or seconds > LATE_S):
            metrics.late(endpoint)
        if _log.isEnabledFor(logging.INFO):
            _note(endpoint, status, seconds)
        return response

    app.before_request(start)
    app.after_request(finish)


def _note(endpoint: str, status: int, seconds: float) -> None:
    # The address is left out: it may hold a key, or an id that tells who wrote.
    noted = {
        "method": request.method,
        "endpoint": endpoint,
        "status": status,
        "duration_ms": round(seconds * 1_000, 3),
        "error": g.get("error_type"),
        "key_id": caller.key_id if (caller := g.get("caller")) else None,
    }
    line = f"{request.method} {endpoint} {status} {noted['duration_ms']} ms"
    _log.info(line, extra={name: value for name, value in noted.items() if value is not None})
