"""The part of a policy that is not about a text: authors, readers' flags, time to undo."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from moderation import Policy, PolicyError


@dataclass(frozen=True, slots=True)
class Rules:
    """What happens beside scores and lists.

    Parameters
    ----------
    first_comments : int
        An author's comments are held until this many have been approved; 0 holds none.
    rejection_rate : float, optional
        An author's comments are held while at least this share of the last ones was rejected.
    rejection_of : int
        How many of an author's comments must have been decided before that share counts.
    flags_to_review : int
        How many readers' flags since a moderator's decision bring a published comment back.
    undo_minutes : int
        How long a moderator may take a decision back.
    """

    first_comments: int = 0
    rejection_rate: float | None = None
    rejection_of: int = 5
    flags_to_review: int = 1
    undo_minutes: int = 30

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        lowest = {"first_comments": 0, "rejection_of": 1, "flags_to_review": 1, "undo_minutes": 0}
        for name, least in lowest.items():
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= 10_000:
                raise PolicyError(f"rules.{name} must be {least} to 10,000, got {value!r}")
        rate = self.rejection_rate
        if rate is not None and not (type(rate) in {int, float} and 0 < rate <= 1):
            raise PolicyError(f"rules.rejection_rate must be above 0, at most 1, got {rate!r}")

    @classmethod
    def from_document(cls, document: object) -> Self:
        """Build the rules from the table `rules` of a policy.

        Raises
        ------
        PolicyError
            If a key is unknown or its value makes no sense.
        """
        if not isinstance(document, Mapping):
            raise PolicyError(f"rules must be a table, got {document!r}")
        known = {field.name for field in fields(cls)}
        for name in document:
            if name not in known:
                raise PolicyError(f"unknown key {name!r} in rules, expected {sorted(known)}")
        return cls(**document)

    def to_document(self) -> dict[str, Any]:
        """Return what `from_document` takes."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def undo_time(self) -> timedelta:
        """How long a moderator may take a decision back."""
        return timedelta(minutes=self.undo_minutes)


def parse_policy(document: Mapping[str, Any]) -> tuple[Policy, Rules]:
    """Return a policy and its rules.

    Raises
    ------
    PolicyError
        If the document does not describe them.
    """
    about_texts = {name: value for name, value in document.items() if name != "rules"}
    return Policy.from_document(about_texts), Rules.from_document(document.get("rules", {}))


def load_policy(path: Path) -> tuple[Policy, Rules]:
    """Read a policy and its rules from a TOML file.

    Raises
    ------
    PolicyError
        If the file cannot be read or does not describe a policy; the message names the file.
    """
    try:
        return parse_policy(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, PolicyError) as error:
        raise PolicyError(f"{path}: {error}") from error


def to_document(policy: Policy, rules: Rules) -> dict[str, Any]:
    """Return what `parse_policy` takes."""
    return policy.to_document() | {"rules": rules.to_document()}
