"""What suites are made of: written cases that cannot contradict themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from moderation import ATTRIBUTES, ModerationError

LEARN: Final = "learn"
MEASURE: Final = "measure"
DIALECTS: Final = ("msa", "egyptian", "levantine", "gulf", "iraqi", "maghrebi")
KINDS: Final = (
    "religion",
    "sect",
    "nationality",
    "people",
    "region",
    "profession",
    "condition",
    "gender",
)
FORMS: Final = ("singular_m", "singular_f", "plural", "definite_plural")
OPEN: Final = "⟦"
CLOSE: Final = "⟧"

Stretch = tuple[int, int]  # code points of a text, the last exclusive


class SuiteError(ModerationError, ValueError):
    """A suite cannot be used as it is written."""


@dataclass(frozen=True, slots=True)
class Case:
    """One comment and what must happen to it.

    Parameters
    ----------
    id, dialect, half : str
        What it is called, one of `DIALECTS`, and `LEARN` or `MEASURE`.
    topic : str
        The functionality that it belongs to, or the loaded word that it uses cleanly.
    family : str
        Cases that share their wording; a family lies in one half.
    held : bool
        Whether it must not be approved.
    attribute : str
        What a held one is held for, where the suite says it; else empty.
    text : str
        The comment.
    """

    id: str
    dialect: str
    half: str
    topic: str
    family: str
    held: bool
    attribute: str
    text: str

    def __post_init__(self) -> None:
        """Refuse a case that says nothing or contradicts itself."""
        one_of("half", self.half, (LEARN, MEASURE))
        one_of("dialect", self.dialect, DIALECTS)
        one_of("attribute", self.attribute, ("", *(ATTRIBUTES if self.held else ())))
        _filled(self, "id", "topic", "family", "text")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a person or a group can be called by; a form that it has not is empty.

    The plurals are oblique, so that they suit the dialects and follow prepositions in MSA.
    """

    id: str
    kind: str
    half: str
    singular_m: str
    singular_f: str
    plural: str
    definite_plural: str

    def __post_init__(self) -> None:
        """Refuse an identity of an unknown kind or without its plurals."""
        one_of("half", self.half, (LEARN, MEASURE))
        one_of("kind", self.kind, KINDS)
        _filled(self, "id", "plural", "definite_plural")

    def form(self, name: str) -> str:
        """Return one of `FORMS`."""
        return str(getattr(self, name))


@dataclass(frozen=True, slots=True)
class Frame:
    """A comment with a gap for an identity.

    Parameters
    ----------
    id, half, dialect : str
        As in `Case`.
    form : str
        Which of `FORMS` fills the gap, written ``{form}`` in the text.
    kinds : tuple of str
        Kinds of identity that suit it; all where empty.
    held : bool
        Whether it is hateful; else it is neutral or kind.
    text : str
        The comment with one gap.
    """

    id: str
    half: str
    dialect: str
    form: str
    kinds: tuple[str, ...]
    held: bool
    text: str

    def __post_init__(self) -> None:
        """Refuse a frame whose gap is not the form that it names."""
        one_of("half", self.half, (LEARN, MEASURE))
        one_of("dialect", self.dialect, DIALECTS)
        one_of("form", self.form, FORMS)
        for kind in self.kinds:
            one_of("kinds", kind, KINDS)
        _filled(self, "id")
        if self.text.count(f"{{{self.form}}}") != 1 or self.text.count("{") != 1:
            raise SuiteError(f"the text must hold {{{self.form}}} once and no other gap")

    def suits(self, identity: Identity) -> bool:
        """Say whether the identity has the form and is of a kind that the frame is written for."""
        return bool(identity.form(self.form)) and (not self.kinds or identity.kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Filled:
    """A frame with an identity in its gap."""

    frame: Frame
    identity: Identity
    text: str


@dataclass(frozen=True, slots=True)
class MarkedComment:
    """A comment whose offending words are known.

    Parameters
    ----------
    id, dialect, half : str
        As in `Case`.
    text : str
        The comment without marks.
    stretches : tuple of (int, int)
        The offending words, in code points of `text`, by position; empty where nothing offends.
    """

    id: str
    dialect: str
    half: str
    text: str
    stretches: tuple[Stretch, ...]

    def __post_init__(self) -> None:
        """Refuse a comment without text or of an unknown dialect."""
        one_of("half", self.half, (LEARN, MEASURE))
        one_of("dialect", self.dialect, DIALECTS)
        _filled(self, "id", "text")


def fill(frames: Iterable[Frame], identities: Sequence[Identity], *, half: str) -> list[Filled]:
    """Put every identity of a half into every frame of that half that suits it."""
    return [
        Filled(frame, each, frame.text.replace(f"{{{frame.form}}}", each.form(frame.form)))
        for frame in frames
        if frame.half == half
        for each in identities
        if each.half == half and frame.suits(each)
    ]


def unmark(marked: str) -> tuple[str, tuple[Stretch, ...]]:
    """Take the marks out of a text.

    Returns
    -------
    text : str
        Without marks.
    stretches : tuple of (int, int)
        What stood between the marks, in code points of the text returned.

    Raises
    ------
    SuiteError
        If a mark has no partner, marks are nested or nothing stands between them.
    """
    head, *rest = marked.split(OPEN)
    text, stretches = head, []
    for part in rest:
        inside, *after = part.split(CLOSE)
        if len(after) != 1 or not inside.strip():
            raise SuiteError(f"marks must come in pairs of {OPEN} and {CLOSE} with words between")
        stretches.append((len(text), len(text) + len(inside)))
        text += inside + after[0]
    if CLOSE in head:
        raise SuiteError(f"a {CLOSE} needs a {OPEN} before it")
    return text, tuple(stretches)


def one_of(name: str, value: str, known: Sequence[str]) -> None:
    """Raise SuiteError unless `value` is one of `known`."""
    if value not in known:
        raise SuiteError(f"{name} must be one of {', '.join(map(repr, known))}, got {value!r}")


def _filled(one: object, *names: str) -> None:
    for name in names:
        value = getattr(one, name)
        if not value or value != value.strip():
            raise SuiteError(f"{name} must not be empty, nor begin or end with a space")
