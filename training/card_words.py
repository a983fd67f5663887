"""The words of a model's card, in two languages with the same keys; they stand in `data/`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

Words = Mapping[str, str]

CARD_PATH: Final = Path(__file__).parents[1] / "data" / "card"


def read_words(language: str) -> Words:
    """Return the words of a language, ``en`` or ``ar``."""
    return tomllib.loads((CARD_PATH / f"{language}.toml").read_text(encoding="utf-8"))


ENGLISH: Final = read_words("en")
ARABIC: Final = read_words("ar")
