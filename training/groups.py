"""The names of groups of people that no score may depend on."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation import ModerationError
from moderation.features import hash_all_words
from moderation.text import canonicalise

GROUPS_PATH: Final = Path(__file__).parents[1] / "data" / "groups" / "groups.txt"
_ADJECTIVE: Final = "+"
_ENDINGS: Final = ("", "ة", "ين", "ون", "ات")
# Articles and the particles that are written together with a word, the dialects' among them.
_PREFIXES: Final = (
    *("", "و", "ف", "ب", "ل", "ك", "ول", "وب", "فل"),
    *("ال", "وال", "فال", "بال", "لل", "كال", "ولل", "وبال", "هال", "عال", "شال"),
)


class GroupsError(ModerationError, ValueError):
    """A list of groups cannot be used as it is written."""


def read_groups(path: Path = GROUPS_PATH) -> list[str]:
    """Read the names of groups with all their endings, without prefixes.

    Raises
    ------
    GroupsError
        If the file is missing, or a form is no single word; the message names the line.
    """
    if not path.is_file():
        raise GroupsError(f"{path} is missing: run from a clone")
    forms: dict[str, None] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith(("#", "[")):
            continue
        for word in line.split():
            stem = word.removesuffix(_ADJECTIVE)
            if not stem.isalpha() or (stem != word and not stem.endswith("ي")):
                raise GroupsError(
                    f"{path}:{number}: {word!r} is neither a word nor an adjective in ي with a +"
                )
            endings = _ENDINGS if stem != word else ("",)
            forms.update(dict.fromkeys(stem + ending for ending in endings))
    return list(forms)


def hash_groups(forms: list[str]) -> NDArray[np.uint32]:
    """Return the hashes of names with every prefix, ascending, of shape (n_names,)."""
    words = [prefix + form for form in forms for prefix in _PREFIXES]
    return np.unique(hash_all_words(canonicalise(words).codes))
