"""Who did what, when, under which policy and model; decisions and all else in one list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    String,
    cast,
    func,
    insert,
    literal,
    null,
    select,
    union_all,
)

from service.tables import ApiKey, Audit, Comment, Decision, Moderator, Site


def note(
    connection: Connection,
    action: str,
    subject: str,
    *,
    moderator_id: int | None = None,
    api_key_id: int | None = None,
) -> None:
    """Add what somebody did, in the transaction that does it; nobody named is the operator."""
    connection.execute(
        insert(Audit).values(
            action=action,
            subject=subject,
            moderator_id=moderator_id,
            api_key_id=api_key_id,
            created_at=datetime.now(UTC),
        )
    )


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which part of the audit; what is left out does not narrow it.

    Parameters
    ----------
    who : str, optional
        Name of a moderator or a key; ``operator`` for the command line.
    action : str, optional
        As it stands in the list.
    since, until : datetime, optional
        From when on, and up to but without when.
    """

    who: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def read_audit(
    connection: Connection, wanted: AuditFilter | None = None, *, limit: int | None = None
) -> Iterator[RowMapping]:
    """Return `created_at`, `who`, `action`, `subject`, `policy`, `model` and `note`, newest first.

    Decisions of people are among them, those of the machine are not.
    """
    wanted = wanted or AuditFilter()
    both = union_all(_decisions(), _others()).subquery()
    query = select(both).order_by(both.c.created_at.desc(), both.c.number.desc()).limit(limit)
    if wanted.who is not None:
        query = query.where(both.c.who == wanted.who)
    if wanted.action is not None:
        query = query.where(both.c.action == wanted.action)
    if wanted.since is not None:
        query = query.where(both.c.created_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(both.c.created_at < wanted.until)
    yield from connection.execute(query).mappings()


_WHO = func.coalesce(Moderator.name, ApiKey.name, "operator").label("who")


def _decisions() -> Any:  # noqa: ANN401 - a Select of many columns
    return (
        select(
            Decision.created_at,
            Decision.id.label("number"),
            _WHO,
            cast(Decision.action, String(40)).label("action"),
            (Site.name + "/" + Comment.external_id).label("subject"),
            Decision.policy.label("policy"),
            Decision.model.label("model"),
            Decision.note.label("note"),
        )
        .join(Comment, Comment.id == Decision.comment_id)
        .join(Site, Site.id == Comment.site_id)
        .outerjoin(Moderator, Moderator.id == Decision.moderator_id)
        .outerjoin(ApiKey, ApiKey.id == Decision.api_key_id)
        .where(Decision.source == literal("moderator"))
    )


def _others() -> Any:  # noqa: ANN401 - a Select of many columns
    return (
        select(
            Audit.created_at,
            Audit.id.label("number"),
            _WHO,
            Audit.action,
            Audit.subject,
            null().label("policy"),
            null().label("model"),
            null().label("note"),
        )
        .outerjoin(Moderator, Moderator.id == Audit.moderator_id)
        .outerjoin(ApiKey, ApiKey.id == Audit.api_key_id)
    )
