"""The form of the policy: from a policy to fields, and back with what is wrong told in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext

from moderation import ATTRIBUTES, PolicyError, Thresholds
from moderation.lists import PhraseList
from service.web.formats import digits, typed_number
from service.web.reasons import reason_text

LISTS = ("suspect", "banned", "allowed")
RULES = ("first_comments", "rejection_rate", "rejection_of", "flags_to_review", "undo_minutes")


@dataclass(slots=True)
class PolicyForm:
    """What the fields say.

    Parameters
    ----------
    thresholds : dict of str to Thresholds
        Of the attributes that decide.
    lists : dict of str to list of str
    rules : dict
    problems : list of str
        What is wrong, in the language of the page; empty if all is well.
    """

    thresholds: dict[str, Thresholds] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def document(self, version: str) -> dict[str, Any]:
        """Return the policy as `service.rules.parse_policy` takes it."""
        thresholds = {
            name: {"review_at": cut.review_at}
            | ({} if cut.reject_at is None else {"reject_at": cut.reject_at})
            for name, cut in self.thresholds.items()
        }
        return {
            "version": version,
            "thresholds": thresholds,
            "lists": self.lists,
            "rules": self.rules,
        }


def from_document(document: Mapping[str, Any]) -> PolicyForm:
    """Return the form of a stored policy."""
    return PolicyForm(
        {name: Thresholds(**cut) for name, cut in document["thresholds"].items()},
        {name: list(document["lists"].get(name, ())) for name in LISTS},
        dict(document.get("rules", {})),
    )


def from_fields(fields: Mapping[str, str]) -> PolicyForm:
    """Return what was filled in; what is wrong is left out and told."""
    form = PolicyForm()
    for name in ATTRIBUTES:
        try:
            cut = _thresholds(fields, name)
        except (ValueError, PolicyError):
            form.problems.append(
                digits(
                    gettext(
                        "%(name)s: thresholds lie between 0 and 1, and rejecting is not below "
                        "review.",
                        name=reason_text(name),
                    )
                )
            )
        else:
            if cut is not None:
                form.thresholds[name] = cut
    for name in LISTS:
        form.lists[name] = _phrases(fields.get(name, ""), form.problems)
    for name in RULES:
        _rule(form, name, fields.get(name, "").strip())
    return form


def _thresholds(fields: Mapping[str, str], name: str) -> Thresholds | None:
    review, reject = (
        fields.get(f"{name}.{kind}", "").strip() for kind in ("review_at", "reject_at")
    )
    if not review and not reject:
        return None
    reject_at = typed_number(reject) if reject else None
    # Whoever rejects without review from 0.9 on wants no review below it.
    return Thresholds(typed_number(review or reject), reject_at)


def _phrases(lines: str, problems: list[str]) -> list[str]:
    found = list(dict.fromkeys(line.strip() for line in lines.splitlines() if line.strip()))
    good = []
    for phrase in found:
        try:
            PhraseList([phrase])
        except PolicyError:
            problems.append(gettext("“%(line)s” has no letter to look for.", line=phrase[:40]))
        else:
            good.append(phrase)
    return good


def _rule(form: PolicyForm, name: str, value: str) -> None:
    if not value:
        return
    try:
        number = typed_number(value)
        if name != "rejection_rate" and not number.is_integer():
            raise ValueError(value)
        form.rules[name] = number if name == "rejection_rate" else int(number)
    except ValueError:
        form.problems.append(gettext("“%(value)s” is not a number.", value=value[:40]))
