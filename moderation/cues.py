"""Words and emoji that tell what kind of sentence a comment is, and words by what they say.

The sections of ``cues.txt`` and of ``tones.txt``.
"""

from functools import cache
from pathlib import Path
from typing import Final

CUES_PATH: Final = Path(__file__).with_name("cues.txt")
TONES_PATH: Final = Path(__file__).with_name("tones.txt")
WORD_CUES: Final = (
    "address", "you", "self", "negation", "saying", "question", "condition", "they", "this", "god",
    "courtesy", "kin",
)  # fmt: skip
"""Sections of ``cues.txt`` that hold words."""
CALLED: Final = ("called", "sworn")
"""Sections of ``tones.txt`` that hold what somebody is called."""
TONES: Final = (
    *CALLED, "spelled_insult", "spelled_hard", "hard", "insult", "blame", "harm", "kind",
)  # fmt: skip
"""Sections of ``tones.txt``."""
EMOJI_CUES: Final = ("laughing", "angry", "disgust", "love", "crying", "cheering")
"""Sections that hold emoji; one is as good as many."""


@cache
def read_cues() -> dict[str, int]:
    """Return the number of the section of each word and emoji.

    Those of `WORD_CUES` come first, those of `TONES` next and those of `EMOJI_CUES` last.
    """
    names = (*WORD_CUES, *TONES, *EMOJI_CUES)
    cues: dict[str, int] = {}
    section = 0
    texts = (path.read_text(encoding="utf-8") for path in (CUES_PATH, TONES_PATH))
    for line in "".join(texts).splitlines():
        if line.startswith("["):
            section = names.index(line.strip("[]"))
        elif not line.startswith("#"):
            cues.update(dict.fromkeys(line.split(), section))
    return cues
