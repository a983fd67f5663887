"""All that a moderator needs to see beside a comment, read with a handful of queries."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, exists, func, select

from service.comments import fetch_current
from service.flags import flags_of
from service.queue import newest
from service.tables import ApiKey, Comment, Decision, Moderator, Sample, Score

_LAST = 5
_TRAIL = (
    select(
        Decision.action,
        Decision.reasons,
        Decision.source,
        Decision.undoes,
        Decision.note,
        Decision.created_at,
        func.coalesce(Moderator.display_name, ApiKey.name).label("by"),
    )
    .outerjoin(Moderator, Moderator.id == Decision.moderator_id)
    .outerjoin(ApiKey, ApiKey.id == Decision.api_key_id)
    .where(Decision.comment_id == bindparam("comment_id"))
    .order_by(Decision.id)
)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A comment and its surroundings.

    Parameters
    ----------
    comment : mapping
        As `fetch_current` returns it.
    escalated, sample : bool
        Whether it was passed to a lead; whether it is invented.
    scores, spans : dict, list
        Of the newest revision.
    reasons : list of str
        Why the machine held it.
    trail : list of mapping
        What people decided before, oldest first.
    parent : mapping, optional
        The comment that it answers.
    totals : dict
        How many comments of the same author were published, are in review, were rejected.
    last : list of mapping
        The author's other comments, newest first.
    flags : list of mapping
        What readers reported, newest first.
    """

    comment: RowMapping
    escalated: bool
    sample: bool
    scores: dict[str, float]
    spans: list[dict[str, Any]]
    reasons: list[str]
    trail: list[RowMapping]
    parent: RowMapping | None
    totals: dict[str, int]
    last: list[RowMapping]
    flags: list[RowMapping]

    @property
    def rejection_rate(self) -> float | None:
        """Share of the author's decided comments that were rejected; None without any."""
        rejected, approved = self.totals.get("reject", 0), self.totals.get("approve", 0)
        return rejected / (rejected + approved) if rejected + approved else None


@dataclass(frozen=True, slots=True)
class Line:
    """A comment in a list."""

    comment: RowMapping
    spans: list[dict[str, Any]]
    reasons: list[str]
    escalated: bool
    sample: bool


def read_dossier(connection: Connection, comment_id: int) -> Dossier | None:
    """Return what there is to know about a comment; None if there is none of this number."""
    rows = fetch_current(connection, Comment.id == comment_id)
    if not rows:
        return None
    comment = rows[0]
    found = newest(connection, Score, [comment_id])[comment_id]
    decisions = _decisions(connection, comment_id)
    machine = [row for row in decisions if row["source"] in {"model", "list"}]
    return Dossier(
        comment=comment,
        escalated=comment["escalated"],
        sample=comment["sample"],
        scores=found["scores"],
        spans=found["spans"],
        reasons=machine[-1]["reasons"] if machine else [],
        trail=[row for row in decisions if row["source"] == "moderator"],
        parent=_parent(connection, comment),
        totals=_totals(connection, comment),
        last=_last(connection, comment),
        flags=flags_of(connection, comment_id),
    )


def read_lines(connection: Connection, comments: list[RowMapping]) -> list[Line]:
    """Return comments of the queue with their marked words and reasons."""
    ids = [comment["id"] for comment in comments]
    scores, decisions = newest(connection, Score, ids), newest(connection, Decision, ids)
    return [
        Line(
            comment,
            scores[comment["id"]]["spans"],
            decisions[comment["id"]]["reasons"],
            comment["escalated"],
            comment["sample"],
        )
        for comment in comments
    ]


def any_samples(connection: Connection) -> bool:
    """Return whether there are sample comments."""
    return bool(connection.scalar(select(exists().select_from(Sample))))


def _decisions(connection: Connection, comment_id: int) -> list[RowMapping]:
    return list(connection.execute(_TRAIL, {"comment_id": comment_id}).mappings())


def _parent(connection: Connection, comment: RowMapping) -> RowMapping | None:
    external_id = comment["parent_external_id"]
    if external_id is None:
        return None
    parent = and_(Comment.site_id == comment["site_id"], Comment.external_id == external_id)
    rows = fetch_current(connection, parent)
    return rows[0] if rows else None


def _totals(connection: Connection, comment: RowMapping) -> dict[str, int]:
    if comment["author_id"] is None:
        return {}
    query = select(Comment.action, func.count()).where(
        Comment.author_id == comment["author_id"], Comment.site_id == comment["site_id"]
    )
    return {action: count for action, count in connection.execute(query.group_by(Comment.action))}


def _last(connection: Connection, comment: RowMapping) -> list[RowMapping]:
    if comment["author_id"] is None:
        return []
    others = and_(
        Comment.author_id == comment["author_id"],
        Comment.site_id == comment["site_id"],
        Comment.id != comment["id"],
    )
    return list(fetch_current(connection, others, order_by=(Comment.id.desc(),), limit=_LAST))
