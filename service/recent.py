"""Numbers about a long queue, which may be a little old.

Counting a hundred thousand comments takes longer than all the rest of a page, every moderator asks
for it at every step, and nobody needs the last digit of a large number at once.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

T = TypeVar("T")
# A number may be this many times as old as it took to count: counting it then takes half a
# hundredth of one processor, however long the queue is.
AGE_FACTOR = 200
_MOST = 1_000


@dataclass(slots=True)
class _Kept:
    value: Any
    until: float


_kept: WeakKeyDictionary[Engine, dict[Hashable, _Kept]] = WeakKeyDictionary()


def last(connection: Connection, key: Hashable) -> Any:  # noqa: ANN401 - of whatever was counted
    """Return what was counted last under `key`, however old; None for nothing."""
    kept = _kept.get(connection.engine, {}).get(key)
    return None if kept is None else kept.value


def recent(connection: Connection, key: Hashable, count: Callable[[], T], *, many: bool) -> T:
    """Return what `count` does, or what it did shortly before if there is much to count.

    Parameters
    ----------
    connection : Connection
    key : hashable
        What is counted.
    count : callable
        Counts it.
    many : bool
        Whether the result may be a little old.
    """
    numbers = _kept.setdefault(connection.engine, {})
    kept, began = numbers.get(key), time.monotonic()
    if many and kept is not None:
        if began < kept.until:
            return kept.value  # type: ignore[no-any-return] # as `count` returned it
        # Whoever comes while this one counts is content with what there is.
        kept.until = began + 1
    value, ended = count(), time.monotonic()
    if len(numbers) >= _MOST:
        numbers.clear()
    numbers[key] = _Kept(value, ended + AGE_FACTOR * (ended - began))
    return value
