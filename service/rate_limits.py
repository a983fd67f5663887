"""How often a key may ask; the only module that imports limits."""

import math
import time

from flask import Flask, current_app, g, request
from limits import RateLimitItem, parse_many
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from service.errors import ApiError, SettingsError
from service.settings import Settings

_PATIENCE_S = 0.2


def limit_rates(app: Flask, settings: Settings) -> None:
    """Refuse what a key asks beyond the limits in `settings`; to be called after `guard`.

    Raises
    ------
    SettingsError
        If the limits or their store cannot be used.
    """
    if settings.rate_limit is None:
        return
    items, limiter = _limits(settings.rate_limit), _limiter(settings.rate_limit_storage)

    def check() -> None:
        # Only what asks for a key is limited: a probe of the operator's never is.
        if "key_asked" not in g:
            return
        who = f"key-{g.caller.key_id}" if g.caller else f"address-{request.remote_addr}"
        try:
            refused = next((item for item in items if not limiter.hit(item, who)), None)
            if refused is None:
                return
            reset_at = limiter.get_window_stats(refused, who).reset_time
        except StorageError as error:
            # Comments must not stand unmoderated because a counter is away.
            current_app.logger.error("rate limits are not kept: %s", type(error).__name__)
            return
        raise ApiError(
            429,
            "rate_limited",
            f"this key may ask {refused}; wait as long as Retry-After says",
            headers={"Retry-After": str(max(1, math.ceil(reset_at - time.time())))},
        )

    app.before_request(check)


def _limits(written: str) -> list[RateLimitItem]:
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


def _limiter(url: str) -> SlidingWindowCounterRateLimiter:
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
