"""Naming the language of a text: enough for an answer, never a reason not to score."""

import re

_ARABIC = re.compile(r"[\u0620-\u064A\u066E-\u06D3\u06FA-\u06FF\u0750-\u077F\uFB50-\uFEFC]")
# Digits stand for letters inside of Latin words: 7mar, ya3ni, mar7aba.
_ARABIZI = re.compile(r"\b(?=[a-z0-9]*[a-z])[a-z]*[2356789][a-z0-9]*\b", re.IGNORECASE)


def detect(text: str) -> list[str]:
    """Return the BCP 47 codes of what was recognised; `und` where nothing was."""
    found = ["ar"] if _ARABIC.search(text) else []
    if _ARABIZI.search(text):
        found.append("ar-Latn")
    return found or ["und"]
