"""The newsroom's last comments, as figures for a preview and as texts to try a list on."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import Connection, RowMapping, select

from moderation import ATTRIBUTES
from moderation.lists import PhraseList
from service.comments import fetch_current
from service.tables import Comment, Decision
from service.web.foresight import Recent

DAYS = 30
MOST = 50_000
"""Of more comments than these the newest are taken, so that a preview stays quick."""

MOST_TEXTS = 2_000
_SHOWN = 10
_VERDICTS = {"approve": 1, "reject": -1, "review": 0}


def read_recent(connection: Connection) -> Recent:
    """Return scores and moderators' decisions of the last 30 days."""
    now = datetime.now(UTC)
    columns = [getattr(Comment, name) for name in ATTRIBUTES]
    # By number, which an index has; comments are numbered as they come in.
    rows = connection.execute(
        select(Comment.id, Comment.received_at, *columns).order_by(Comment.id.desc()).limit(MOST)
    ).all()
    since = now - timedelta(days=DAYS)
    rows = [row for row in rows if row.received_at >= since]
    verdicts = _verdicts(connection, rows[-1].id) if rows else {}
    oldest = rows[-1].received_at if len(rows) == MOST else since
    return Recent(
        np.array([row[2:] for row in rows], dtype=np.float64).reshape(-1, len(ATTRIBUTES)),
        np.array([verdicts.get(row.id, 0) for row in rows], dtype=np.int8),
        max((now - oldest) / timedelta(days=1), 1 / 24),
    )


def caught(connection: Connection, phrases: Sequence[str]) -> tuple[int, list[RowMapping], int]:
    """Return how many of the last comments a list catches, some of them, and of how many.

    Raises
    ------
    PolicyError
        If a phrase has no letter.
    """
    wanted = PhraseList(phrases)
    newest = select(Comment.id).order_by(Comment.id.desc()).limit(MOST_TEXTS)
    rows = fetch_current(
        connection, Comment.id.in_(connection.scalars(newest).all()), order_by=(Comment.id.desc(),)
    )
    found = [row for row in rows if wanted.find(row["text"])]
    return len(found), found[:_SHOWN], len(rows)


def _verdicts(connection: Connection, since_id: int) -> dict[int, int]:
    """Return what people decided last; a decision that was taken back says nothing."""
    rows = connection.execute(
        select(Decision.comment_id, Decision.action)
        .where(Decision.comment_id >= since_id, Decision.source == "moderator")
        .order_by(Decision.comment_id, Decision.id)
    )
    return {row.comment_id: _VERDICTS[row.action] for row in rows}
