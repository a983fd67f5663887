"""The random check: published comments that no person has seen, looked at now and then.

Only this tells what the machine lets through. Decisions made here carry the reason `AUDIT`.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, select

from moderation import Action
from service.database import writing
from service.moderators import Person
from service.recording import newest_decision, record
from service.tables import Comment, Decision
from service.web.figures import AUDIT, checks_of, first_since
from service.web.foresight import Estimate, share

DAYS = 30
_TRIES = 20
_NEWEST = 1_000


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks of the last 30 days came to.

    Parameters
    ----------
    checked, wrong : int
        Comments looked at; those among them that should not have been published.
    let_through : Estimate, optional
        Share of what the machine publishes that should not be; None before the first check.
    """

    checked: int
    wrong: int
    let_through: Estimate | None


def is_asked(connection: Connection, person: Person) -> bool:
    """Return whether a moderator has checked nothing for a day although there is something."""
    since = datetime.now(UTC) - timedelta(days=1)
    first = first_since(connection, Decision, Decision.created_at, since)
    mine = select(Decision.reasons).where(Decision.id >= first, Decision.moderator_id == person.id)
    if any(AUDIT in reasons for reasons in connection.scalars(mine)):
        return False
    # Of the newest alone: whoever opens the queue shall not wait for a search through all.
    last = connection.scalar(select(func.max(Comment.id))) or 0
    found = select(Comment.id).where(Comment.id > last - _NEWEST, _unseen()).limit(1)
    return connection.scalar(found) is not None


def draw(connection: Connection) -> int | None:
    """Return a random comment that the machine published in the last 30 days, unseen so far."""
    since = datetime.now(UTC) - timedelta(days=DAYS)
    first = first_since(connection, Comment, Comment.received_at, since)
    last = connection.scalar(select(func.max(Comment.id))) or 0
    for _ in range(_TRIES):
        if last < first:
            return None
        at = random.randint(first, last)  # noqa: S311 - a sample, not a secret
        found = connection.scalar(
            select(Comment.id)
            .where(Comment.id.between(at, last), _unseen())
            .order_by(Comment.id)
            .limit(1)
        )
        if found is not None:
            return int(found)
        last = at - 1
    return None


def check(
    engine: Engine, person: Person, comment_id: int, *, revision: int, reason: str | None
) -> bool:
    """Record that a published comment is right, or reject it; False if it is no longer unseen."""
    with writing(engine) as connection:
        row = connection.execute(
            select(Comment.revision).where(Comment.id == comment_id, _unseen()).with_for_update()
        ).one_or_none()
        if row is None or row.revision != revision:
            return False
        before = newest_decision(connection, comment_id)
        same = {name: before[name] for name in ("comment_id", "revision", "model", "policy")}
        action = Action.REJECT if reason else Action.APPROVE
        record(
            connection,
            same
            | {
                "action": action.value,
                "reasons": [reason, AUDIT] if reason else [AUDIT],
                "source": "moderator",
                "moderator_id": person.id,
                "created_at": datetime.now(UTC),
            },
        )
        return True


def checked(connection: Connection) -> Checked:
    """Return what the checks say about the last 30 days."""
    since = datetime.now(UTC) - timedelta(days=DAYS)
    first = first_since(connection, Decision, Decision.created_at, since)
    looked_at = [action for action, _, _ in checks_of(connection, (first, 2**62))]
    wrong = looked_at.count("reject")
    if not looked_at:
        return Checked(0, 0, None)
    return Checked(len(looked_at), wrong, share(wrong, len(looked_at)))


def _unseen() -> ColumnElement[bool]:
    seen = exists().where(Decision.comment_id == Comment.id, Decision.source == "moderator")
    return and_(Comment.action == Action.APPROVE.value, ~seen)
