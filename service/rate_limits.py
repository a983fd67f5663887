"""How often a key may ask; the only module that imports limits, and only where there is one."""

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Flask, g, request

from service.errors import ApiError, SettingsError
from service.keys import Caller
from service.settings import Settings

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.strategies import SlidingWindowCounterRateLimiter

Limit = Callable[[Caller | None, str | None], None]
COUNTED = "ghirbal.counted"
"""Stands in the environment of a request that has been counted before Flask has it."""

_PATIENCE_S = 0.2


def limit_rates(app: Flask, settings: Settings) -> Limit:
    """Refuse what a key asks beyond the limits in `settings`; to be called after `guard`.

    Returns
    -------
    callable
        Counts a request of a caller, of an address where it came without a key; raises ApiError
        where it is one too many. Whoever calls it marks the request as `COUNTED`.

    Raises
    ------
    SettingsError
        If the limits or their store cannot be used.
    """
    if settings.rate_limit is None:
        return lambda caller, address: None
    from limits.errors import StorageError

    items, limiter = _limits(settings.rate_limit), _limiter(settings.rate_limit_storage)

    def count(caller: Caller | None, address: str | None) -> None:
        who = f"key-{caller.key_id}" if caller else f"address-{address}"
        try:
            refused = next((item for item in items if not limiter.hit(item, who)), None)
            if refused is None:
                return
            reset_at = limiter.get_window_stats(refused, who).reset_time
        except StorageError as error:
            # Comments must not stand unmoderated because a counter is away.
            app.logger.error("rate limits are not kept: %s", type(error).__name__)
            return
        raise ApiError(
            429,
            "rate_limited",
            f"this key may ask {refused}; wait as long as Retry-After says",
            headers={"Retry-After": str(max(1, math.ceil(reset_at - time.time())))},
        )

    def check() -> None:
        # Only what asks for a key is limited: a probe of the operator's never is.
        if "key_asked" in g and COUNTED not in request.environ:
            count(g.caller, request.remote_addr)

    app.before_request(check)
    return count


def limit_waits(settings: Settings) -> bool:
    """Return whether to count a request means to ask another process."""
    return settings.rate_limit is not None and not settings.rate_limit_storage.startswith("memory:")


def _limits(written: str) -> "list[RateLimitItem]":
    from limits import parse_many

    try:
        return parse_many(written)
    except ValueError as error:
        raise SettingsError(
            f"rate_limit cannot be used: {written!r} is not like '100/second; 5000/minute'"
        ) from error


def _timeouts(url: str) -> dict[str, float]:
    # A counter that hangs must not take the time in which comment systems await a score.
    remote = url.startswith("redis")
    return {"socket_timeout": _PATIENCE_S, "socket_connect_timeout": _PATIENCE_S} if remote else {}


def _limiter(url: str) -> "SlidingWindowCounterRateLimiter":
    from limits.errors import ConfigurationError
    from limits.storage import storage_from_string
    from limits.strategies import SlidingWindowCounterRateLimiter

    try:
        storage = storage_from_string(url, wrap_exceptions=True, **_timeouts(url))
        reachable = storage.check()
        limiter = SlidingWindowCounterRateLimiter(storage)
    except (ConfigurationError, NotImplementedError) as error:
        raise SettingsError(
            "rate_limit_storage cannot be used: expected memory:// or redis://host:port/number, "
            "the latter with pip install 'ghirbal[redis]'"
        ) from error
    if not reachable:
        raise SettingsError("rate_limit_storage cannot be used: nobody answers at this address")
    return limiter
