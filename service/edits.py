"""What becomes of a comment that its author has edited after somebody decided on it."""

from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select

from moderation import Action
from service.judge import Judgement
from service.recording import newest_decision
from service.tables import Decision, Score
from service.words import words_of

EDITED: Final = "edited"
UNCHANGED: Final = "edit_unchanged"


def decide_edit(
    connection: Connection,
    before: RowMapping,
    judgement: Judgement,
    *,
    text: str,
    decided: dict[str, Any],
) -> dict[str, Any]:
    """Return the decision on the new text of a comment.

    Nobody has decided on it: the machine does. Somebody has: that stands as long as the machine
    finds the same in the new text as in the old, which is the same action for the same reasons and
    no further words behind them. Otherwise the machine's decision is taken where it is as strict,
    and the comment returns to the queue where it is milder.

    Parameters
    ----------
    connection : Connection
        In the transaction that stores the edit.
    before : mapping
        `id`, `revision` and `text` before the edit.
    judgement : Judgement
        On the new text.
    text : str
        The new text.
    decided : dict
        The decision that the machine would make.
    """
    last = newest_decision(connection, before["id"])
    by_people = last["source"] == "moderator" or last["reasons"] == [UNCHANGED]
    if not by_people or last["action"] == Action.REVIEW:
        return decided
    if _same_outcome(connection, before, judgement, text=text):
        return decided | {"source": "rule", "action": last["action"], "reasons": [UNCHANGED]}
    if last["action"] == Action.REJECT and decided["action"] == Action.APPROVE:
        # Who was rejected must not get through by an edit that only the machine has seen.
        return decided | {"source": "rule", "action": Action.REVIEW.value, "reasons": [EDITED]}
    return decided


def _same_outcome(
    connection: Connection, before: RowMapping, judgement: Judgement, *, text: str
) -> bool:
    machine = connection.execute(
        select(Decision.action, Decision.reasons)
        .where(Decision.comment_id == before["id"], Decision.source.in_(("model", "list")))
        .order_by(Decision.id.desc())
        .limit(1)
    ).one_or_none()
    if machine is None or machine.action != judgement.outcome.action.value:
        return False
    spans = connection.scalar(
        select(Score.spans)
        .where(Score.comment_id == before["id"], Score.revision == before["revision"])
        .order_by(Score.id.desc())
        .limit(1)
    )
    known = _marked(before["text"], spans or [])
    found = _marked(text, judgement.spans)
    return set(machine.reasons) == set(judgement.outcome.reasons) and found <= known


def _marked(text: str, spans: list[dict[str, Any]]) -> set[str]:
    words = words_of([text[span["start"] : span["end"]] for span in spans])
    return {form for forms in words for form in forms[:1]}
