"""What happened in the newsroom, counted per attribute and per section."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from moderation import ATTRIBUTES, Policy
from service.tables import Comment, Decision, Section
from service.web.figures import Ends, checks_of, first_since, is_check, standing, within
from service.web.foresight import Estimate, share


@dataclass(frozen=True, slots=True)
class Row:
    """An attribute or a section: what was decided of it by moderators.

    Parameters
    ----------
    name : str
    comments, decided, rejected : int
        How many came in, and what moderators made of those that were held.
    checked, missed : int
        How many published ones were drawn for a check, and how many of these were rejected; of an
        attribute, for that reason.
    """

    name: str
    comments: int
    decided: int
    rejected: int
    checked: int
    missed: int

    @property
    def agreement(self) -> Estimate | None:
        """Share that was rejected."""
        return share(self.rejected, self.decided) if self.decided else None

    @property
    def let_through(self) -> Estimate | None:
        """Share of the published ones that should not have been."""
        return share(self.missed, self.checked) if self.checked else None


def _of_people(ends: Ends) -> Any:  # noqa: ANN401 - a condition
    """Hold for held comments on which a person has decided; the newest state counts."""
    decided = select(Decision.comment_id).where(within(Decision.id, ends), standing(), ~is_check())
    return and_(Comment.action != "review", Comment.id.in_(decided))


def attributes(connection: Connection, since: datetime, policy: Policy) -> list[Row]:
    """Return, per attribute, what moderators made of comments over its threshold to review."""
    ends = _ends(connection, since)
    wanted = [name for name in ATTRIBUTES if name in policy.thresholds]
    columns = []
    for name in wanted:
        over = getattr(Comment, name) >= policy.thresholds[name].review_at
        columns.append(func.sum(case((over, 1), else_=0)))
        columns.append(func.sum(case((and_(over, Comment.action == "reject"), 1), else_=0)))
    if not wanted:
        return []
    sums = connection.execute(select(*columns).where(_of_people(ends))).one()
    checks = checks_of(connection, ends)
    reasons = Counter(reasons[0] for action, reasons, _ in checks if action == "reject")
    pairs = zip(wanted, sums[::2], sums[1::2], strict=True)
    return [
        Row(name, over or 0, over or 0, rejected or 0, len(checks), reasons[name])
        for name, over, rejected in pairs
    ]


def sections(connection: Connection, since: datetime) -> list[Row]:
    """Return, per section, how many comments came in and what moderators decided."""
    ends = _ends(connection, since)
    checks = checks_of(connection, ends)
    checked = Counter(section for _, _, section in checks)
    missed = Counter(section for action, _, section in checks if action == "reject")
    first = first_since(connection, Comment, Comment.received_at, since)
    by_section = (select(Comment.section_id, func.count()).where(Comment.id >= first)).group_by(
        Comment.section_id
    )
    total = dict(connection.execute(by_section).all())
    decided = connection.execute(
        select(
            Comment.section_id,
            func.count(),
            func.sum(case((Comment.action == "reject", 1), else_=0)),
        )
        .where(_of_people(ends))
        .group_by(Comment.section_id)
    )
    found: dict[int | None, tuple[int, int]] = {
        section: (count, rejected) for section, count, rejected in decided
    }
    names: dict[int | None, str] = {
        number: name for number, name in connection.execute(select(Section.id, Section.name))
    }
    rows = [
        Row(
            names.get(section, ""),
            count,
            *found.get(section, (0, 0)),
            checked[section],
            missed[section],
        )
        for section, count in total.items()
    ]
    return sorted(rows, key=lambda row: -row.comments)


def _ends(connection: Connection, since: datetime) -> Ends:
    return first_since(connection, Decision, Decision.created_at, since), 2**62
