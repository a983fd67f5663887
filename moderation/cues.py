"""Words and emoji that tell what kind of sentence a comment is, by section of ``cues.txt``."""

from functools import cache
from pathlib import Path
from typing import Final

CUES_PATH: Final = Path(__file__).with_name("cues.txt")
WORD_CUES: Final = (
    "address", "you", "self", "negation", "saying", "question", "condition", "they", "this", "god",
    "courtesy", "kin",
)  # fmt: skip
"""Sections of ``cues.txt`` that hold words; they count up to `MOST`."""
EMOJI_CUES: Final = ("laughing", "angry", "disgust", "love", "crying", "cheering")
"""Sections that hold emoji; one is as good as many."""


@cache
def read_cues() -> dict[str, int]:
    """Return the number of the section of each word and emoji of ``cues.txt``."""
    names = (*WORD_CUES, *EMOJI_CUES)
    cues: dict[str, int] = {}
    section = 0
    for line in CUES_PATH.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = names.index(line.strip("[]"))
        elif not line.startswith("#"):
            cues.update(dict.fromkeys(line.split(), section))
    return cues
