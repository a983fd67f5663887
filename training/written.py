"""Examples written for the project: the seed comments and what the suites hold for learning."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from moderation import ATTRIBUTES
from training.examples import NEWS, Examples, join, read_seed
from training.suite_cases import LEARN, Case, fill
from training.suites import Suites, read_suites

CASE_WEIGHT: Final = 2.0
# An identity stands in dozens of frames, so one of them says less than a sentence of its own.
FRAME_WEIGHT: Final = 0.5
_UNKNOWN: Final = dict.fromkeys(ATTRIBUTES, -1)
_CLEAN: Final = dict.fromkeys(ATTRIBUTES, 0)


def read_written(suites: Suites | None = None) -> Examples:
    """Return the seed comments and what the suites hold for learning, all in the domain of news.

    Cases that must be held show ``abusive`` and the attribute they name, and say nothing about the
    others; cases that must be approved show the absence of all.
    """
    suites = suites or read_suites()
    cases = [each for each in (*suites.functional, *suites.clean_uses) if each.half == LEARN]
    filled = fill(suites.frames, suites.identities, half=LEARN)
    marked = [each for each in suites.spans if each.half == LEARN]
    return join(
        [
            read_seed(),
            _examples("suite_cases", ((c.id, c.text, _labels(c)) for c in cases), CASE_WEIGHT),
            _examples(
                "suite_identities",
                (
                    (f"{f.frame.id}:{f.identity.id}", f.text, _hate if f.frame.held else _CLEAN)
                    for f in filled
                ),
                FRAME_WEIGHT,
            ),
            _examples(
                "suite_spans",
                ((m.id, m.text, _abuse if m.stretches else _CLEAN) for m in marked),
                CASE_WEIGHT,
            ),
        ]
    )


_abuse: Final = _UNKNOWN | {"abusive": 1}
_hate: Final = _UNKNOWN | {"abusive": 1, "identity_hate": 1}


def _labels(case: Case) -> dict[str, int]:
    return _abuse | {case.attribute: 1} if case.held else _CLEAN


def _examples(
    name: str, rows: Iterable[tuple[str, str, dict[str, int]]], weight: float
) -> Examples:
    listed = list(rows)
    labels = np.array([[row[2][a] for a in ATTRIBUTES] for row in listed], dtype=np.int8)
    labels = labels.reshape(len(listed), len(ATTRIBUTES))
    return Examples(
        ids=[f"{name}:{row[0]}" for row in listed],
        texts=[row[1] for row in listed],
        labels=labels,
        weights=np.where(labels >= 0, np.float32(weight), np.float32(0)),
        measured=np.full(len(listed), -1, dtype=np.int8),
        corpus=np.full(len(listed), name),
        domain=np.full(len(listed), NEWS),
        split=np.full(len(listed), "train"),
    )
