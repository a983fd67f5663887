"""Measures how well a scorer sees through rewritten words, and what rewriting costs clean text."""

from collections.abc import Sequence
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moderation import ATTRIBUTES, Action, CommentScore, Policy, Scorer
from training.evasion import REWRITES, Stretch, draw_words, rewrite_all

_SEED: Final = 26


def measure_evasion(scorer: Scorer, policy: Policy, cases: Sequence[str]) -> dict[str, Any]:
    """Measure which caught comments stay caught when their deciding words are rewritten.

    Parameters
    ----------
    scorer : Scorer
        The model.
    policy : Policy
        What catches: a comment is caught where it is not approved.
    cases : sequence of str
        Abusive comments.

    Returns
    -------
    dict
        ``comments``, ``caught`` and ``explained``: how many there are, are caught, and of these
        have a span. ``rewrites``: per name ``comments`` that could be rewritten and the share
        ``still_caught`` of them, None without any. ``mean`` and ``lowest`` of these shares, and
        ``weakest``, the name of the lowest.

    Notes
    -----
    The deciding word is the span with the highest score; the other spans of the comment are
    rewritten with it, but it is the one that must be rewritten for the comment to count.
    """
    found = [
        (text, [span for span in outcome.spans if span.attribute in outcome.reasons])
        for text, score in zip(cases, scorer.score(cases), strict=True)
        if (outcome := policy.decide(text, score)).action is not Action.APPROVE
    ]
    explained = [(text, spans) for text, spans in found if spans]
    rewrites: dict[str, dict[str, Any]] = {}
    for name in REWRITES:
        hidden = []
        for i, (text, spans) in enumerate(explained):
            deciding = max(spans, key=lambda span: span.score)
            if rewrite_all(text, [(deciding.start, deciding.end)], name, _SEED + i) is not None:
                stretches = [(span.start, span.end) for span in spans]
                hidden.append(rewrite_all(text, stretches, name, _SEED + i) or text)
        still = _flagged(scorer, policy, hidden)
        rewrites[name] = {"comments": len(hidden), "still_caught": _share(still)}
    shares = {n: r["still_caught"] for n, r in rewrites.items() if r["comments"]}
    weakest = min(shares, key=shares.__getitem__, default=None)
    return {
        "comments": len(cases),
        "caught": len(found),
        "explained": len(explained),
        "rewrites": rewrites,
        "mean": round(float(np.mean(list(shares.values()))), 4) if shares else None,
        "lowest": None if weakest is None else shares[weakest],
        "weakest": weakest,
    }


def measure_false_alarms(scorer: Scorer, policy: Policy, texts: Sequence[str]) -> dict[str, Any]:
    """Measure how many more clean comments are flagged when one or two words are rewritten.

    Parameters
    ----------
    scorer, policy : Scorer, Policy
        What flags: a comment is flagged where it is not approved.
    texts : sequence of str
        Clean comments.

    Returns
    -------
    dict
        ``comments``; ``rewrites``: per name ``comments`` that could be rewritten and the share of
        them flagged ``before`` and ``after``, None without any. ``mean_more`` and ``most_more``,
        the mean and the largest of ``after - before``, and ``worst``, the name of the largest.
    """
    flagged = _flagged(scorer, policy, texts)
    rewrites: dict[str, dict[str, Any]] = {}
    for name in REWRITES:
        rows, hidden = _rewrite_clean(texts, name)
        after = _flagged(scorer, policy, hidden)
        rewrites[name] = {
            "comments": len(rows),
            "before": _share(flagged[rows]),
            "after": _share(after),
        }
    more = {n: r["after"] - r["before"] for n, r in rewrites.items() if r["comments"]}
    worst = max(more, key=more.__getitem__, default=None)
    return {
        "comments": len(texts),
        "rewrites": rewrites,
        "mean_more": round(float(np.mean(list(more.values()))), 4) if more else None,
        "most_more": None if worst is None else round(more[worst], 4),
        "worst": worst,
    }


def _rewrite_clean(texts: Sequence[str], name: str) -> tuple[list[int], list[str]]:
    rows, hidden = [], []
    for i, text in enumerate(texts):
        words: list[Stretch] = draw_words(text, Random(f"{_SEED} {i}"))  # noqa: S311 -- no secret
        changed = rewrite_all(text, words, name, _SEED + i)
        if changed is not None:
            rows.append(i)
            hidden.append(changed)
    return rows, hidden


def _flagged(scorer: Scorer, policy: Policy, texts: Sequence[str]) -> NDArray[np.bool_]:
    rows = scorer.probabilities(texts).tolist()
    return np.array(
        [
            policy.decide(
                text, CommentScore(dict(zip(ATTRIBUTES, row, strict=True)), (), scorer.version)
            ).action
            is not Action.APPROVE
            for text, row in zip(texts, rows, strict=True)
        ],
        dtype=np.bool_,
    )


def _share(marks: NDArray[np.bool_]) -> float | None:
    return round(float(marks.mean()), 4) if marks.size else None
