"""What comment systems reported back of their moderators' decisions, as examples to learn from."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, or_, select

from service.perspective_schema import ATTRIBUTE_OF, plain_name
from service.tables import ApiKey, Feedback

_AT_ONCE = 1_000
# A moderator who changes their mind reports twice under one token: the last word counts.
_LATER_ONES = func.row_number().over(
    partition_by=(Feedback.api_key_id, Feedback.community_id, Feedback.client_token),
    order_by=Feedback.id.desc(),
)
_RANKED = select(
    Feedback.id,
    Feedback.client_token,
    _LATER_ONES.label("later_ones"),
).subquery()
_EXAMPLES = (
    select(
        Feedback.id,
        Feedback.text,
        Feedback.scores,
        Feedback.source,
        Feedback.created_at,
        ApiKey.name.label("key"),
    )
    .join(_RANKED, _RANKED.c.id == Feedback.id)
    .outerjoin(ApiKey, ApiKey.id == Feedback.api_key_id)
    .where(or_(_RANKED.c.client_token.is_(None), _RANKED.c.later_ones == 1))
    .order_by(Feedback.id)
)


def examples(connection: Connection) -> Iterator[dict[str, Any]]:
    """Return the feedback that is about an attribute of ours, oldest first.

    Returns
    -------
    iterator of dict
        ``id``, ``text``, a probability per attribute that was reported, and where it came from.
    """
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(_EXAMPLES)
    for row in rows.mappings():
        found = _attributes(row["scores"])
        if found:
            yield {
                "id": f"feedback:{row['id']}",
                "text": row["text"],
                **found,
                "source": row["source"],
                "key": row["key"],
                "created_at": row["created_at"].isoformat(),
            }


def _attributes(scores: dict[str, Any]) -> dict[str, float]:
    return {
        ATTRIBUTE_OF[plain_name(name)]: given["summaryScore"].get("value", 0.0)
        for name, given in scores.items()
        if plain_name(name) in ATTRIBUTE_OF and "summaryScore" in given
    }
