"""Who works on which comment: a claim keeps it from all others until it expires."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    delete,
    exists,
    insert,
    select,
    true,
    tuple_,
)
from sqlalchemy.exc import IntegrityError

from service.database import writing
from service.filters import ORDERS, in_order, matching
from service.moderators import Person, Role
from service.queue import count, count_waiting
from service.schema import QueueQuery
from service.tables import ESCALATED, IN_REVIEW, Claim, Comment, Skip

CLAIM_TIME = timedelta(minutes=10)
SKIP_TIME = timedelta(hours=1)
# More than anyone goes through by leafing on, few enough not to hide a queue from the others.
CLAIM_LIMIT = 20
_ATTEMPTS = 20
_EVERYTHING = QueueQuery()


def claim_next(
    engine: Engine, person: Person, *, after: int | None = None, query: QueueQuery = _EVERYTHING
) -> int | None:
    """Claim the first comment of the queue that nobody else holds.

    Parameters
    ----------
    engine : Engine
        Of the database.
    person : Person
        Who will decide.
    after : int, optional
        The number of a comment; what comes before it in the queue is passed over.
    query : QueueQuery
        Which part of the queue, and in which order; by default all, the highest score first.

    Returns
    -------
    int or None
        The number of the comment; None when there is none left.
    """
    for _ in range(_ATTEMPTS):
        try:
            with writing(engine, brief=True) as connection:
                now = datetime.now(UTC)
                wanted = and_(_open_to(person, now), matching(connection, query))
                found = connection.scalar(
                    select(Comment.id)
                    .where(wanted, _after(after, query.order))
                    .order_by(*in_order(query.order))
                    .limit(1)
                    .with_for_update(of=Comment, skip_locked=True)
                )
                if found is not None:
                    _take(connection, person, comment_id=found)
                return found
        except IntegrityError:
            # On PostgreSQL another moderator's claim may have been committed after we looked.
            continue
    return None


def claim_one(engine: Engine, person: Person, comment_id: int) -> bool:
    """Claim one comment if it waits; False if another moderator holds it."""
    waiting = select(Comment.id).where(IN_REVIEW, Comment.id == comment_id)
    try:
        with writing(engine, brief=True) as connection:
            if connection.scalar(waiting.with_for_update()) is None:
                return True
            if holder(connection, comment_id, datetime.now(UTC)) not in {None, person.id}:
                return False
            _take(connection, person, comment_id=comment_id)
            return True
    except IntegrityError:
        return False


def previous(
    connection: Connection, person: Person, *, before: int, order: str = "score"
) -> int | None:
    """Return the last comment before another one that this moderator still holds."""
    column, falling = ORDERS[order]
    at = select(column, Comment.id).where(Comment.id == before)
    row = connection.execute(at).one_or_none()
    if row is None:
        return None
    key, position = tuple_(column, Comment.id), tuple_(*row)
    backwards = (column.asc(), Comment.id.asc()) if falling else (column.desc(), Comment.id.desc())
    return connection.scalar(
        select(Comment.id)
        .join(Claim, Claim.comment_id == Comment.id)
        .where(
            IN_REVIEW,
            Claim.moderator_id == person.id,
            Claim.expires_at > datetime.now(UTC),
            key > position if falling else key < position,
        )
        .order_by(*backwards)
        .limit(1)
    )


def holder(connection: Connection, comment_id: int, now: datetime) -> int | None:
    """Return who holds a comment."""
    return connection.scalar(
        select(Claim.moderator_id).where(Claim.comment_id == comment_id, Claim.expires_at > now)
    )


def release(connection: Connection, comment_id: int) -> None:
    """Take the claim off a comment."""
    connection.execute(delete(Claim).where(Claim.comment_id == comment_id))


def visible_to(person: Person) -> ColumnElement[bool]:
    """Return the condition for comments in review that this moderator may decide on."""
    # Written out, not bound: SQLite uses the partial index only for this very condition.
    lead = person.role.covers(Role.LEAD)
    return and_(IN_REVIEW) if lead else and_(IN_REVIEW, Comment.escalated.is_(False))


def count_visible(connection: Connection, person: Person) -> int:
    """Return how many comments in review this moderator may decide on."""
    # A difference, because both numbers come from an index and the condition above does not.
    waiting = count_waiting(connection)
    if person.role.covers(Role.LEAD):
        return waiting
    return waiting - count(connection, and_(ESCALATED, IN_REVIEW))


def _open_to(person: Person, now: datetime) -> ColumnElement[bool]:
    held_by_others = exists().where(
        Claim.comment_id == Comment.id,
        Claim.moderator_id != person.id,
        Claim.expires_at > now,
    )
    skipped = exists().where(
        Skip.comment_id == Comment.id,
        Skip.moderator_id == person.id,
        Skip.created_at > now - SKIP_TIME,
    )
    return and_(visible_to(person), ~held_by_others, ~skipped)


def _after(comment_id: int | None, order: str) -> ColumnElement[bool]:
    if comment_id is None:
        return true()
    column, falling = ORDERS[order]
    other = Comment.__table__.alias("other")
    at = select(other.c[column.key], other.c.id).where(other.c.id == comment_id).scalar_subquery()
    key = tuple_(column, Comment.id)
    return key < at if falling else key > at


def _take(connection: Connection, person: Person, *, comment_id: int) -> None:
    now = datetime.now(UTC)
    connection.execute(
        delete(Claim).where(
            Claim.comment_id == comment_id,
            (Claim.moderator_id == person.id) | (Claim.expires_at <= now),
        )
    )
    connection.execute(
        insert(Claim).values(
            comment_id=comment_id, moderator_id=person.id, expires_at=now + CLAIM_TIME
        )
    )
    surplus = (
        select(Claim.comment_id)
        .where(Claim.moderator_id == person.id)
        .order_by(Claim.expires_at.desc(), Claim.comment_id)
        .offset(CLAIM_LIMIT)
    )
    mine = connection.scalars(surplus).all()
    connection.execute(delete(Claim).where(Claim.comment_id.in_(mine)))
