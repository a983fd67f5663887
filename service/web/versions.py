"""What one version of the policy changed of another, in words."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from moderation import ATTRIBUTES
from service.web.formats import digits, threshold
from service.web.reasons import reason_text


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return one line per change."""
    return [
        *_of_thresholds(before["thresholds"], after["thresholds"]),
        *_of_lists(before["lists"], after["lists"]),
        *_of_rules(before.get("rules", {}), after.get("rules", {})),
    ]


def list_name(name: str) -> str:
    """Return what a list is called."""
    names: dict[str, str] = {
        "suspect": gettext("Watch list"),
        "banned": gettext("Banned words"),
        "allowed": gettext("Allowed phrases"),
    }
    return names[name]


def rule_name(name: str) -> str:
    """Return what a rule is called."""
    names: dict[str, str] = {
        "first_comments": gettext("Hold the first comments of an author, this many"),
        "rejection_rate": gettext("Hold authors from this share of rejected comments on, 0 to 1"),
        "rejection_of": gettext("… once this many of their comments have been decided on"),
        "flags_to_review": gettext("Reports by readers that bring a published comment back"),
        "undo_minutes": gettext("Minutes in which a decision can be undone"),
    }
    return digits(names[name])


def _of_thresholds(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    kinds: dict[str, str] = {"review_at": gettext("review"), "reject_at": gettext("rejection")}
    found = []
    for name in ATTRIBUTES:
        for kind, label in kinds.items():
            old, new = (each.get(name, {}).get(kind) for each in (before, after))
            if _rounded(old) != _rounded(new):
                found.append(
                    gettext(
                        "%(name)s, %(kind)s: from %(old)s to %(new)s",
                        name=reason_text(name),
                        kind=label,
                        old=_shown(old),
                        new=_shown(new),
                    )
                )
    return found


def _rounded(value: float | None) -> float | None:
    # As the form shows them: what nobody changed there is no change here.
    return None if value is None else round(value, 3)


def _shown(value: float | None) -> str:
    return gettext("none") if value is None else threshold(value)


def _of_lists(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    found = []
    for name in ("suspect", "banned", "allowed"):
        old, new = set(before.get(name, ())), set(after.get(name, ()))
        for words, what in ((new - old, gettext("added")), (old - new, gettext("removed"))):
            if words:
                found.append(
                    gettext(
                        "%(list)s, %(what)s: %(words)s",
                        list=list_name(name),
                        what=what,
                        # Each by itself: a Latin one first would turn the whole list.
                        words=gettext(", ").join(f"\u2068{word}\u2069" for word in sorted(words)),
                    )
                )
    return found


def _of_rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [
        digits(f"{rule_name(name)}: {after.get(name, '–')}")
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
