"""The names of groups of people that no score may depend on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation import ModerationError
from moderation.features import FIRST, SECOND, hash_all_words
from moderation.text import canonicalise

GROUPS_PATH: Final = Path(__file__).parents[1] / "data" / "groups" / "groups.txt"
_ADJECTIVE: Final = "+"
_SECONDS: Final = "[second]"
_FIRSTS: Final = "[first]"
_NAMES: Final = ""
_ENDINGS: Final = ("", "ة", "ين", "ون", "ات")
# Articles and the particles that are written together with a word, the dialects' among them.
_PREFIXES: Final = (
    *("", "و", "ف", "ب", "ل", "ك", "ول", "وب", "فل"),
    *("ال", "وال", "فال", "بال", "لل", "كال", "ولل", "وبال", "هال", "عال", "شال"),
)


class GroupsError(ModerationError, ValueError):
    """A list of groups cannot be used as it is written."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Names with all their endings, without prefixes.

    Parameters
    ----------
    names : tuple of str
        Words that are a name, or begin one.
    seconds : tuple of str
        Words that are part of a name only where they follow one: «النظافة» in «عمال النظافة».
    firsts : tuple of str
        Words that are part of a name only before one: «أصحاب» in «أصحاب البشرة السمراء».
    """

    names: tuple[str, ...]
    seconds: tuple[str, ...] = ()
    firsts: tuple[str, ...] = ()


def read_groups(path: Path = GROUPS_PATH) -> Groups:
    """Read the names of groups.

    Raises
    ------
    GroupsError
        If the file is missing, or a form is no single word; the message names the line.
    """
    if not path.is_file():
        raise GroupsError(f"{path} is missing: run from a clone")
    listed: dict[str, dict[str, None]] = {_NAMES: {}, _SECONDS: {}, _FIRSTS: {}}
    forms = listed[_NAMES]
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("["):
            forms = listed.get(line, listed[_NAMES])
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
    return Groups(*map(tuple, listed.values()))


def hash_groups(groups: Groups) -> NDArray[np.uint32]:
    """Return the hashes of names with every prefix, of shape (n_names,).

    Ascending, as `moderation.features.are_groups` wants them.
    """
    names, seconds, firsts = (
        hash_all_words(
            canonicalise([prefix + form for form in forms for prefix in _PREFIXES]).codes
        )
        for forms in (groups.names, groups.seconds, groups.firsts)
    )
    return np.unique(np.concatenate((names, seconds ^ SECOND, firsts ^ FIRST)))
