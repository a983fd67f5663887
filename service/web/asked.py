"""What part of the queue an address asks for."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from service.body import validated
from service.schema import QueueFilter, QueueQuery

PAGE = 100
AGES_H = ("1", "24", "168")
ORDERS = ("score", "oldest", "flagged", "uncertain")
LARGEST = 2**63 - 1
"""No row has a number above this, and SQLite takes none."""

_FIELDS = (*QueueFilter.model_fields, "age")


def asked(arguments: Mapping[str, str]) -> dict[str, Any]:
    """Return the filter in the arguments of an address, as another address repeats it."""
    found = {name: arguments.get(name, "").strip() for name in _FIELDS}
    # The sliders of a form always say something.
    ends = {"score_from": {"0", "0.0"}, "score_to": {"1", "1.0"}}
    return {
        name: value
        for name, value in found.items()
        if value and value not in ends.get(name, ()) and (name != "age" or value in AGES_H)
    }


def whole(typed: str) -> int:
    """Return a number that a row may have.

    Raises
    ------
    ValueError
        If none may have it.
    """
    number = int(typed)
    if abs(number) > LARGEST:
        raise ValueError(typed)
    return number


def wanted(filter_: Mapping[str, str]) -> QueueFilter:
    """Return the filter itself.

    Raises
    ------
    ApiError
        If a value makes no sense.
    """
    return validated(QueueFilter, _document(filter_))


def wanted_page(filter_: Mapping[str, str], arguments: Mapping[str, str]) -> QueueQuery:
    """Return the filter with the order and the place of the page.

    Raises
    ------
    ApiError
        If a value makes no sense.
    """
    order = arguments.get("order", "score")
    page = {
        "order": order if order in ORDERS else "score",
        "after": arguments.get("after"),
        "limit": PAGE,
    }
    return validated(QueueQuery, _document(filter_) | page)


def _document(filter_: Mapping[str, str]) -> dict[str, object]:
    document: dict[str, object] = {
        name: value for name, value in filter_.items() if name in QueueFilter.model_fields
    }
    if "age" in filter_:
        since = datetime.now(UTC) - timedelta(hours=int(filter_["age"]))
        document["created_from"] = since.isoformat()
    return document
