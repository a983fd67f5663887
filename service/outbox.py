"""Events on their way out: written with what they tell of, sent in order, kept until they arrive.

Of the events about one comment a webhook gets the next only when the one before has arrived; a
dead letter holds back what follows on the same comment until it is replayed or discarded.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    RowMapping,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from moderation import Action
from service.tables import Comment, Decision, Outbox, Webhook

DECIDED, QUEUED = "comment.decided", "comment.queued"
EVENTS = (DECIDED, QUEUED)
MAX_ATTEMPTS = 15
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
# Longer than a delivery may take, so that no second worker sends what one is sending.
LEASE = timedelta(seconds=60)
KEPT = timedelta(days=7)

_LISTENING = select(Webhook.id, Webhook.site_id, Webhook.events).where(Webhook.active)
_earlier = aliased(Outbox)
_IS_FIRST = ~exists().where(
    _earlier.webhook_id == Outbox.webhook_id,
    _earlier.comment_id == Outbox.comment_id,
    _earlier.id < Outbox.id,
    _earlier.delivered_at.is_(None),
)


def announce(connection: Connection, decisions: Sequence[dict[str, Any]]) -> None:
    """Put decisions into the outbox of every webhook that wants them.

    Parameters
    ----------
    connection : Connection
        In the transaction that stores the decisions.
    decisions : sequence of dict
        The rows, each the newest of its comment.
    """
    listening = connection.execute(_LISTENING).all()
    if not listening:
        return
    ids = [decision["comment_id"] for decision in decisions]
    named = (
        select(
            Comment.id,
            Comment.external_id,
            Comment.site_id,
            func.max(Decision.id).label("decision_id"),
        )
        .join(Decision, Decision.comment_id == Comment.id)
        .where(Comment.id.in_(ids))
        .group_by(Comment.id)
    )
    comments = {row.id: row for row in connection.execute(named)}
    rows = [
        _row(decision, event, webhook_id=webhook.id, comment=comment)
        for decision in decisions
        for comment in [comments[decision["comment_id"]]]
        for event in [QUEUED if decision["action"] == Action.REVIEW else DECIDED]
        for webhook in listening
        if webhook.site_id == comment.site_id and event in webhook.events
    ]
    if rows:
        connection.execute(insert(Outbox), rows)


def _row(
    decision: dict[str, Any], event: str, *, webhook_id: int, comment: Row[int, str, int, int]
) -> dict[str, Any]:
    key, moment = str(uuid.uuid4()), decision["created_at"]
    told = {name: decision[name] for name in ("revision", "action", "reasons", "source")}
    made = {"model": decision["model"], "policy": decision["policy"]}
    about = {"comment": comment.external_id, "decision": comment.decision_id}
    payload = {"event": event, "key": key} | about | told | made
    return {
        "webhook_id": webhook_id,
        "comment_id": decision["comment_id"],
        "key": key,
        "event": event,
        "payload": payload | {"created_at": moment.isoformat()},
        "due_at": moment,
        "created_at": moment,
    }


@dataclass(frozen=True, slots=True)
class Letter:
    """One event with all that is needed to send it."""

    id: int
    webhook_id: int
    url: str
    secrets: tuple[str, ...]
    key: str
    event: str
    payload: dict[str, Any]
    attempts: int


def lease(connection: Connection, *, limit: int, but: Collection[int] = ()) -> list[Letter]:
    """Take events that are due, for `LEASE`; none of the webhooks `but`."""
    now = datetime.now(UTC)
    query = (
        select(
            Outbox.id,
            Outbox.webhook_id,
            Webhook.url,
            Webhook.secrets,
            Outbox.key,
            Outbox.event,
            Outbox.payload,
            Outbox.attempts,
        )
        .join(Webhook, and_(Webhook.id == Outbox.webhook_id, Webhook.active))
        .where(
            Outbox.delivered_at.is_(None),
            Outbox.dead_at.is_(None),
            Outbox.due_at <= now,
            or_(Outbox.leased_until.is_(None), Outbox.leased_until <= now),
            Outbox.webhook_id.not_in(but),
            _IS_FIRST,
        )
        .order_by(Outbox.due_at, Outbox.id)
        .limit(limit)
        .with_for_update(of=Outbox, skip_locked=True)
    )
    rows = connection.execute(query).mappings().all()
    if not rows:
        return []
    taken = update(Outbox).where(Outbox.id.in_([row["id"] for row in rows]))
    connection.execute(taken.values(leased_until=now + LEASE))
    return [Letter(**dict(row) | {"secrets": tuple(row["secrets"])}) for row in rows]


def settle(connection: Connection, letter: Letter, problem: str | None) -> None:
    """Note that an event arrived, or when it is tried again; after the last attempt it is dead."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {"leased_until": None, "problem": problem}
    if problem is None:
        values |= {"delivered_at": now}
    elif letter.attempts + 1 >= MAX_ATTEMPTS:
        values |= {"attempts": letter.attempts + 1, "dead_at": now}
    else:
        wait = min(FIRST_WAIT * 2**letter.attempts, LONGEST_WAIT)
        values |= {"attempts": letter.attempts + 1, "due_at": now + wait}
    connection.execute(update(Outbox).where(Outbox.id == letter.id).values(values))


def forget_delivered(connection: Connection) -> None:
    """Remove events that arrived more than `KEPT` ago."""
    old = datetime.now(UTC) - KEPT
    connection.execute(delete(Outbox).where(Outbox.delivered_at < old))


def dead_letters(connection: Connection) -> Sequence[RowMapping]:
    """Return the events that were given up, oldest first."""
    query = (
        select(
            Outbox.id,
            Webhook.url,
            Outbox.event,
            Comment.external_id,
            Outbox.attempts,
            Outbox.problem,
            Outbox.dead_at,
        )
        .join(Webhook, Webhook.id == Outbox.webhook_id)
        .join(Comment, Comment.id == Outbox.comment_id)
        .where(Outbox.dead_at.is_not(None))
    )
    return connection.execute(query.order_by(Outbox.id)).mappings().all()


def replay(connection: Connection, numbers: Sequence[int] | None = None) -> int:
    """Send dead letters again, all or those given; return how many."""
    values = {"dead_at": None, "attempts": 0, "due_at": datetime.now(UTC), "leased_until": None}
    return connection.execute(update(Outbox).where(_dead(numbers)).values(values)).rowcount


def discard(connection: Connection, numbers: Sequence[int] | None = None) -> int:
    """Give dead letters up for good, all or those given; return how many."""
    return connection.execute(delete(Outbox).where(_dead(numbers))).rowcount


def _dead(numbers: Sequence[int] | None) -> Any:  # noqa: ANN401 - a condition of SQLAlchemy's
    dead = Outbox.dead_at.is_not(None)
    return dead if numbers is None else and_(dead, Outbox.id.in_(numbers))
