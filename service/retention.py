"""Removing texts and names of comments that have stood in a state for as long as they may."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, Select, and_, delete, exists, func, insert, select

from moderation import Action
from service.audit import note
from service.checkpoint import checkpoint
from service.database import writing
from service.deletion import erase
from service.queue import newest
from service.recording import record_all
from service.settings import Settings
from service.tables import Claim, Comment, Decision, Deletion, Sample, Skip

KEPT_TOO_LONG: Final = "retention"
# Few enough for other writers not to notice.
_STEP = 200


@dataclass(frozen=True, slots=True)
class Retention:
    """For how many days comments are kept, by where they stand; None keeps them for good.

    Parameters
    ----------
    approve, review, reject : int, optional
        Days since the last decision.
    """

    approve: int | None = None
    review: int | None = None
    reject: int | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Retention":
        """Return what the settings say."""
        return cls(
            settings.retention_approve_days,
            settings.retention_review_days,
            settings.retention_reject_days,
        )

    def limits(self) -> Iterator[tuple[Action, int]]:
        """Yield each state that has a limit, and the days."""
        for action in Action:
            days = getattr(self, action.value)
            if days is not None:
                yield action, days


def count_due(connection: Connection, retention: Retention, now: datetime) -> dict[Action, int]:
    """Return how many comments would be removed, by where they stand."""
    return {
        action: connection.scalar(
            select(func.count()).select_from(_due(action, days, now).subquery())
        )
        or 0
        for action, days in retention.limits()
    }


def remove_due(
    engine: Engine,
    retention: Retention,
    now: datetime,
    *,
    go_on: Callable[[], bool] = lambda: True,
) -> dict[Action, int]:
    """Remove texts and names of the comments that are due; return how many there were.

    What was published stays published and what was rejected stays rejected, nobody is told. What
    still waits is rejected, since nobody can decide on it any more, and the site is told. `go_on`
    is asked before each step.
    """
    removed = {}
    for action, days in retention.limits():
        after, number = 0, 0
        while go_on() and (
            found := _remove_some(engine, action, _due(action, days, now, after=after))
        ):
            after, number = found[-1], number + len(found)
        removed[action] = number
    if any(removed.values()):
        checkpoint(engine)
    return removed


def _due(action: Action, days: int, now: datetime, *, after: int = 0) -> Select[int]:
    before = now - timedelta(days=days)
    decided_at = (
        select(func.max(Decision.created_at))
        .where(Decision.comment_id == Comment.id)
        .scalar_subquery()
    )
    return (
        select(Comment.id)
        .where(
            Comment.action == action.value,
            Comment.id > after,
            # Said twice: that it came in before is known without a look at its decisions.
            Comment.received_at < before,
            decided_at < before,
            ~exists().where(Deletion.comment_id == Comment.id),
            ~exists().where(Sample.comment_id == Comment.id),
        )
        .order_by(Comment.id)
    )


def _remove_some(engine: Engine, action: Action, due: Select[int]) -> list[int]:
    with writing(engine) as connection:
        locked = due.limit(_STEP).with_for_update(of=Comment, skip_locked=True)
        found = list(connection.scalars(locked))
        if not found:
            return []
        now = datetime.now(UTC)
        if action is Action.REVIEW:
            _give_up(connection, found, now)
        erase(connection, found)
        same = {"requested_by": KEPT_TOO_LONG, "created_at": now}
        connection.execute(insert(Deletion), [{"comment_id": each} | same for each in found])
        note(connection, "removed by retention", f"{len(found)} comments: {action.value}")
        return found


def _give_up(connection: Connection, comment_ids: list[int], now: datetime) -> None:
    before = newest(connection, Decision, comment_ids)
    made = {"action": Action.REJECT.value, "reasons": [KEPT_TOO_LONG], "source": "rule"}
    kept = ("comment_id", "revision", "model", "policy")
    record_all(
        connection,
        [
            {name: before[each][name] for name in kept} | made | {"created_at": now}
            for each in comment_ids
        ],
    )
    for table in (Claim, Skip):
        connection.execute(delete(table).where(and_(table.comment_id.in_(comment_ids))))
