"""Measures a scorer under a policy on the suites; every share is of cases, in [0, 1]."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moderation import Action, Policy, Scorer
from training.suite_cases import MEASURE, Case, Filled, MarkedComment, Stretch, fill
from training.suites import Suites

_DIGITS: Final = 4


def measure_suites(
    scorer: Scorer, policy: Policy, suites: Suites, *, half: str = MEASURE
) -> dict[str, Any]:
    """Measure one half of every suite.

    Returns
    -------
    dict
        ``functional``, ``clean_uses``, ``identities`` and ``spans``, each as the function of that
        name returns it.
    """
    filled = fill(suites.frames, suites.identities, half=half)
    spans = [each for each in suites.spans if each.half == half]
    return {
        "functional": functional(scorer, policy, [c for c in suites.functional if c.half == half]),
        "clean_uses": clean_uses(scorer, policy, [c for c in suites.clean_uses if c.half == half]),
        "identities": identities(scorer, policy, filled),
        "spans": spans_found(scorer, policy, spans),
    }


def flagged(scorer: Scorer, policy: Policy, texts: Sequence[str]) -> NDArray[np.bool_]:
    """Mark the comments that the policy does not approve, of shape (n_comments,)."""
    scores = scorer.score(texts, spans=False)
    return np.array(
        [
            policy.decide(text, score).action is not Action.APPROVE
            for text, score in zip(texts, scores, strict=True)
        ],
        dtype=np.bool_,
    )


def functional(scorer: Scorer, policy: Policy, cases: Sequence[Case]) -> dict[str, Any]:
    """Measure how many cases end as they must: held, or approved.

    Returns
    -------
    dict
        ``cases`` and the share ``right``; the same under ``held`` and ``approved`` for the cases
        of which that is expected, and by name under ``by_functionality`` and ``by_dialect``.
    """
    held = flagged(scorer, policy, [case.text for case in cases])
    right = [bool(was) == case.held for was, case in zip(held, cases, strict=True)]
    return {
        "cases": len(cases),
        "right": _share(right),
        "held": _counted(right, [case.held for case in cases], "right"),
        "approved": _counted(right, [not case.held for case in cases], "right"),
        "by_functionality": _by(right, [case.topic for case in cases], "right"),
        "by_dialect": _by(right, [case.dialect for case in cases], "right"),
    }


def clean_uses(scorer: Scorer, policy: Policy, cases: Sequence[Case]) -> dict[str, Any]:
    """Measure how many clean uses of loaded words are flagged.

    Returns
    -------
    dict
        ``cases`` and the share ``flagged`` of those that are to be approved, over all and by name
        under ``by_word`` and ``by_dialect``.
    """
    clean = [case for case in cases if not case.held]
    hits = flagged(scorer, policy, [case.text for case in clean]).tolist()
    return {
        "cases": len(clean),
        "flagged": _share(hits),
        "by_word": _by(hits, [case.topic for case in clean], "flagged"),
        "by_dialect": _by(hits, [case.dialect for case in clean], "flagged"),
    }


def identities(scorer: Scorer, policy: Policy, filled: Sequence[Filled]) -> dict[str, Any]:
    """Measure whether it matters of whom a comment speaks.

    Returns
    -------
    dict
        ``neutral``: ``cases``, number of ``identities`` and share ``flagged`` of the frames that
        are not hateful, the ``worst`` identity, and the same ``by_identity``, ``by_kind`` and
        ``by_frame``.
        ``hateful``: likewise ``cases`` and share ``caught``, with the identity that is caught
        least as ``worst``, and ``spread_points``: largest less smallest share caught of an
        identity, and ``spread_points_of_kinds`` likewise, in percentage points.

    Notes
    -----
    Frames differ in how plain they are. The spreads are therefore taken over the hateful frames
    that every identity fills: else one without a feminine would seem to be treated differently.
    """
    hits = flagged(scorer, policy, [each.text for each in filled])
    hateful = np.array([each.frame.held for each in filled], dtype=np.bool_)
    neutral = _over_identities(filled, hits, ~hateful, "flagged")
    caught = _over_identities(filled, hits, hateful, "caught")
    common = hateful & _everyones(filled)
    for name, key in (("spread_points", _identity_id), ("spread_points_of_kinds", _kind)):
        rows = np.flatnonzero(common).tolist()
        groups = _by(hits[rows].tolist(), [key(filled[i]) for i in rows], "caught")
        shares = [group["caught"] for group in groups.values()]
        caught[name] = round(100 * (max(shares) - min(shares)), 2) if shares else None
    caught["spread_frames"] = len({filled[i].frame.id for i in np.flatnonzero(common).tolist()})
    return {"neutral": neutral, "hateful": caught}


def spans_found(
    scorer: Scorer, policy: Policy, comments: Sequence[MarkedComment]
) -> dict[str, Any]:
    """Compare the words that are highlighted with those that offend.

    Returns
    -------
    dict
        ``comments`` and ``highlights``; ``precision``, ``recall`` and ``f1`` over the characters
        of all comments together, spaces not counted, a comment that is approved having no
        highlights; ``offensive_alone``: share of highlights that the policy does not approve
        standing alone or that lie inside a marked stretch; ``found``: share of the marked
        comments with a highlight on an offending word. None where nothing can be divided.
    """
    scores = scorer.score([each.text for each in comments])
    highlights = [
        sorted({(span.start, span.end) for span in policy.decide(each.text, score).spans})
        for each, score in zip(comments, scores, strict=True)
    ]
    shown = [_characters(c.text, h) for c, h in zip(comments, highlights, strict=True)]
    marked = [_characters(c.text, c.stretches) for c in comments]
    hits = [len(a & b) for a, b in zip(shown, marked, strict=True)]
    n_shown, n_marked = sum(map(len, shown)), sum(map(len, marked))
    pairs = [(c, h) for c, words in zip(comments, highlights, strict=True) for h in words]
    alone = flagged(scorer, policy, [c.text[start:end] for c, (start, end) in pairs])
    inside = [any(a <= start and end <= b for a, b in c.stretches) for c, (start, end) in pairs]
    return {
        "comments": len(comments),
        "highlights": len(pairs),
        "precision": _ratio(sum(hits), n_shown),
        "recall": _ratio(sum(hits), n_marked),
        "f1": _ratio(2 * sum(hits), n_shown + n_marked),
        "offensive_alone": _share(
            [bool(is_held) or lies for is_held, lies in zip(alone, inside, strict=True)]
        ),
        "found": _share([n > 0 for n, each in zip(hits, marked, strict=True) if each]),
    }


def _over_identities(
    filled: Sequence[Filled], hits: NDArray[np.bool_], rows: NDArray[np.bool_], name: str
) -> dict[str, Any]:
    places = np.flatnonzero(rows).tolist()
    mine = [filled[i] for i in places]
    marks = hits[places].tolist()
    each = _by(marks, [_identity_id(one) for one in mine], name)
    names = {_identity_id(one): one.identity.plural for one in mine}
    order = sorted(each, key=lambda i: each[i][name], reverse=name == "flagged")
    return {
        "cases": len(mine),
        "identities": len(each),
        name: _share(marks),
        "worst": {"id": order[0], "plural": names[order[0]], **each[order[0]]} if order else None,
        "by_identity": each,
        "by_kind": _by(marks, [_kind(one) for one in mine], name),
        "by_frame": _by(marks, [one.frame.id for one in mine], name),
    }


def _everyones(filled: Sequence[Filled]) -> NDArray[np.bool_]:
    """Mark the rows whose frame is filled by every identity."""
    users: dict[str, set[str]] = {}
    for each in filled:
        users.setdefault(each.frame.id, set()).add(each.identity.id)
    everyone = set[str]().union(*users.values())
    return np.array([users[each.frame.id] == everyone for each in filled], dtype=np.bool_)


def _identity_id(each: Filled) -> str:
    return each.identity.id


def _kind(each: Filled) -> str:
    return each.identity.kind


def _characters(text: str, stretches: Iterable[Stretch]) -> set[int]:
    return {i for start, end in stretches for i in range(start, end) if not text[i].isspace()}


def _by(marks: Sequence[bool], groups: Sequence[str], name: str) -> dict[str, dict[str, Any]]:
    return {
        group: _counted(marks, [each == group for each in groups], name)
        for group in sorted(set(groups))
    }


def _counted(marks: Sequence[bool], chosen: Sequence[bool], name: str) -> dict[str, Any]:
    mine = [mark for mark, is_chosen in zip(marks, chosen, strict=True) if is_chosen]
    return {"cases": len(mine), name: _share(mine)}


def _share(marks: Sequence[bool]) -> float | None:
    return _ratio(sum(marks), len(marks))


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, _DIGITS) if whole else None
