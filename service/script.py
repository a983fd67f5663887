"""Which letters a comment is written in: Arabic, Latin (often Arabizi), both or none."""

import re
from typing import Final

SCRIPTS: Final = ("arabic", "latin", "mixed", "none")
# Arabic with its supplements and presentation forms.
_ARABIC = re.compile(r"[\u0620-\u064A\u066E-\u06D3\u0750-\u077F\u08A0-\u08C9\uFB50-\uFEFC]")
_LATIN = re.compile(r"[A-Za-z\u00C0-\u024F\uFF21-\uFF5A]")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|@\w+")
# A word of the other script makes nobody look at a comment in another way.
_MIXED_FROM = 0.2


def script_of(text: str) -> str:
    """Return one of `SCRIPTS`; addresses and handles do not count."""
    text = _ADDRESS.sub(" ", text)
    arabic, latin = len(_ARABIC.findall(text)), len(_LATIN.findall(text))
    letters = arabic + latin
    if not letters:
        return "none"
    if min(arabic, latin) >= _MIXED_FROM * letters:
        return "mixed"
    return "arabic" if arabic > latin else "latin"
