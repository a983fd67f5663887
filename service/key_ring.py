"""Who sent a key, remembered for a moment: looking it up costs more than scoring a comment."""

import time
from collections.abc import Callable
from hashlib import sha256

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service.keys import Caller, find_caller

REMEMBERED_S = 1.0
"""How long a key that was revoked may go on working."""


class KeyRing:
    """The keys that were sent lately, by their digests.

    Parameters
    ----------
    engine : Engine
        Where keys are kept.
    clock : callable
        Returns seconds that only go forward.
    """

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        # Only keys in use get in, so that there is no more to hold than keys were made.
        self._known: dict[bytes, tuple[Caller, float]] = {}

    def remembers(self, key: str) -> bool:
        """Return whether `find` answers without looking."""
        known = self._known.get(_digest(key))
        return known is not None and self._clock() < known[1]

    def find(self, key: str) -> Caller | None:
        """Return who sent `key`, None if it is unknown or revoked."""
        digest = _digest(key)
        known = self._known.get(digest)
        if known is not None and self._clock() < known[1]:
            return known[0]
        try:
            with self._engine.connect() as connection:
                caller = find_caller(connection, key)
        except SQLAlchemyError:
            # Scoring needs no database: who asked before goes on being answered without it.
            if known is None:
                raise
            caller = known[0]
        if caller is None:
            self._known.pop(digest, None)
        else:
            self._known[digest] = caller, self._clock() + REMEMBERED_S
        return caller


def _digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "replace")).digest()
