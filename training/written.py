"""Examples written for the project: seed comments, comments by topic, the suites' learning half."""

import csv
import re
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from moderation import ATTRIBUTES
from training.examples import NEWS, CorporaError, Examples, join, read_seed
from training.suite_cases import LEARN, Case, fill
from training.suites import Suites, read_suites

_DATA: Final = Path(__file__).parents[1] / "data"
WRITTEN_PATH: Final = _DATA / "written"
SPELLINGS_PATH: Final = _DATA / "spellings" / "latin.csv"
SPELLINGS: Final = "spellings"
"""Words by themselves, no comments: the sums learn from them, and nothing else."""
SPELLING_WEIGHT: Final = 0.15
CASE_WEIGHT: Final = 2.0
TOPIC_WEIGHT: Final = 0.5  # more gains on the suites what it costs on the corpora
REACTIONS: Final = "reactions"
"""Files of what readers say in few words, and the corpus that these are."""
# Corpora know these words from abuse alone, and hardly a written comment is as short: they count
# whole in every sum, where ten times their share costs the corpora nothing.
REACTION_WEIGHT: Final = 1.0
# In the sum for `abusive` the others count less still, while those for the other attributes, which
# hardly any corpus labels, and the second look have them whole: together they tell more than two
# sums alike.
SHARE_IN_ABUSIVE: Final = 0.1
# Abuse in words that are innocent by themselves: at full weight these words become abuse.
HINTED: Final = frozenset(
    (
        *("hate_by_implication", "hate_implied", "implied_hate", "group_hate"),
        *("hate_frame", "hateful_frame", "identity_hateful"),
        *("implied_insult", "indirect_insult", "insult_after_praise"),
        *("insult_in_long", "insult_in_long_comment", "long_insult"),
    )
)
HINT_WEIGHT: Final = 0.25
# An identity stands in dozens of frames, so one of them says less than a sentence of its own.
FRAME_WEIGHT: Final = 0.5
# Hardly a written threat has an emoji, and what readers write with a heart is kind as a rule: so a
# heart behind a threat took it away.
EMOJI_EVERY: Final = 16
_EMOJI: Final = (
    *("😂", "🤣", "❤️", "🙏", "👍", "😡", "😢", "🌹"),
    *("😍", "👏", "😂😂", "😅", "💔", "🔥", "😏", "🤔"),
)
# Where comments in Latin letters shared the bias of newspapers, whose readers write none and are
# polite, twice as many of the harmless ones scored above 0.5.
LATIN: Final = "written_latin"
"""Domain of what was written for the project in Latin letters."""
_LATIN_LETTER: Final = re.compile("[a-zA-Z]")
_ARABIC_LETTER: Final = re.compile("[\u0621-\u064a]")
_OWN: Final = ("written", "suite_cases", "suite_identities", "suite_spans", "suite_words")
_UNKNOWN: Final = dict.fromkeys(ATTRIBUTES, -1)
_CLEAN: Final = dict.fromkeys(ATTRIBUTES, 0)
_ABUSE: Final = _UNKNOWN | {"abusive": 1}
_HATE: Final = _UNKNOWN | {"abusive": 1, "identity_hate": 1}
_THREATS: Final = ("threat_", "call_to_violence")
# Of an office, a party, a team: no group that one belongs to by birth, belief or trade.
_CROWDS: Final = ("crowd_", "officials_")
_Row = tuple[str, str, dict[str, int]]


def read_written(suites: Suites | None = None) -> Examples:
    """Return all that was written to be learned from, in the domains of news and `LATIN`.

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
            read_topics(),
            _examples("suite_cases", ((c.id, c.text, _labels(c)) for c in cases), CASE_WEIGHT),
            _examples(
                "suite_identities",
                (
                    (f"{f.frame.id}:{f.identity.id}", f.text, _HATE if f.frame.held else _CLEAN)
                    for f in filled
                ),
                FRAME_WEIGHT,
            ),
            _examples(
                "suite_spans",
                ((m.id, m.text, _ABUSE if m.stretches else _CLEAN) for m in marked),
                CASE_WEIGHT,
            ),
            _examples(
                "suite_words",
                (
                    (f"{m.id}:{start}", m.text[start:end], _ABUSE)
                    for m in marked
                    for start, end in m.stretches
                ),
                CASE_WEIGHT,
            ),
        ]
    )


def for_sums(examples: Examples) -> Examples:
    """Return comments weighted as the sums over words are fitted on them.

    What was written for the project counts for `SHARE_IN_ABUSIVE` of its weight in ``abusive``.
    """
    weights = examples.weights.copy()
    weights[np.isin(examples.corpus, _OWN), ATTRIBUTES.index("abusive")] *= SHARE_IN_ABUSIVE
    return replace(examples, weights=weights)


def read_topics(folder: Path = WRITTEN_PATH) -> Examples:
    """Read the comments written by topic: every CSV file of a folder.

    Parameters
    ----------
    folder : Path
        Files with the columns ``id``, ``topic``, ``text`` and, where comments offend,
        ``attribute``: the one that a comment shows beside ``abusive``, empty in a clean comment.
        One text in `EMOJI_EVERY` gets an emoji behind it. Those of files whose names begin with
        `REACTIONS` are a corpus of their own.

    Raises
    ------
    CorporaError
        If a row names an unknown attribute; the message names the file and the row.
    """
    plain: list[_Row] = []
    hinted: list[_Row] = []
    reactions: list[_Row] = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                attribute = row.get("attribute", "")
                if attribute not in {"", *ATTRIBUTES}:
                    raise CorporaError(f"{path}: {row['id']} has the attribute {attribute!r}")
                rows = hinted if row["topic"] in HINTED else plain
                rows = reactions if path.name.startswith(REACTIONS) else rows
                text = _with_emoji(row["text"], row["id"])
                rows.append((row["id"], text, _topic_labels(attribute, row["topic"])))
    return join(
        [
            _examples("written", plain, TOPIC_WEIGHT),
            _examples("written", hinted, HINT_WEIGHT),
            _examples(REACTIONS, reactions, REACTION_WEIGHT),
        ]
    )


def read_spellings(path: Path = SPELLINGS_PATH) -> Examples:
    """Read words as they are spelled in Latin letters, in a domain of their own.

    Each says whether it is abusive, and a harmless one that it shows no other attribute either.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(r["id"], r["text"], r["abusive"] == "1") for r in csv.DictReader(file)]
    listed = [(name, text, _ABUSE if offends else _CLEAN) for name, text, offends in rows]
    found = _examples(SPELLINGS, listed, SPELLING_WEIGHT)
    return replace(found, domain=np.full(len(listed), SPELLINGS))


def _with_emoji(text: str, name: str) -> str:
    """Put an emoji behind one text in `EMOJI_EVERY`, whatever it says; by its name, which one."""
    mark = zlib.crc32(b"emoji:" + name.encode())
    if mark % EMOJI_EVERY:
        return text
    return f"{text} {_EMOJI[mark // EMOJI_EVERY % len(_EMOJI)]}"


def _topic_labels(attribute: str, topic: str) -> dict[str, int]:
    if not attribute:
        return _CLEAN
    # A threat against a group is labelled as hate, and stays a threat.
    threat = {"threat": 1} if topic.startswith(_THREATS) else {}
    crowd = {"identity_hate": 0} if topic.startswith(_CROWDS) else {}
    return _ABUSE | {attribute: 1} | threat | crowd


def _labels(case: Case) -> dict[str, int]:
    return _ABUSE | {case.attribute: 1} if case.held else _CLEAN


def _examples(name: str, rows: Iterable[_Row], weight: float) -> Examples:
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
        domain=np.array([_domain(row[1]) for row in listed], dtype=np.str_),
        split=np.full(len(listed), "train"),
        typical=np.zeros(len(listed), dtype=np.bool_),
    )


def _domain(text: str) -> str:
    latin, arabic = (len(each.findall(text)) for each in (_LATIN_LETTER, _ARABIC_LETTER))
    return LATIN if latin > arabic else NEWS
