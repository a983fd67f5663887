"""What reason codes are called in the newsroom."""

from flask import g
from flask_babel import LazyString, gettext, lazy_gettext

REASONS: dict[str, LazyString] = {
    "abusive": lazy_gettext("Abuse"),
    "severe": lazy_gettext("Severe abuse"),
    "insult": lazy_gettext("Insult"),
    "obscene": lazy_gettext("Obscene language"),
    "identity_hate": lazy_gettext("Hatred of a group"),
    "threat": lazy_gettext("Threat or incitement"),
    "banned_word": lazy_gettext("Word banned by your newsroom"),
    "suspect_word": lazy_gettext("Word on your watch list"),
    "spam": lazy_gettext("Advertising or spam"),
    "off_topic": lazy_gettext("Off topic"),
    "personal_data": lazy_gettext("Private details of a person"),
    "other": lazy_gettext("Other reason"),
    "first_comment": lazy_gettext("New author"),
    "author_often_rejected": lazy_gettext("Author who is often rejected"),
    "flagged": lazy_gettext("Reported by readers"),
    "edited": lazy_gettext("Edited by its author"),
    "edit_unchanged": lazy_gettext("Edited; judged as before"),
    "deleted_by_author": lazy_gettext("Deleted, as its author asked"),
    "deleted_by_site": lazy_gettext("Deleted, as the site asked"),
    "retention": lazy_gettext("Kept as long as it may be"),
    "audit": lazy_gettext("Random check"),
    "escalated": lazy_gettext("Passed to a lead"),
}

# In the order of the keys 1 to 9.
REJECT_REASONS = (
    "insult",
    "obscene",
    "identity_hate",
    "threat",
    "abusive",
    "spam",
    "off_topic",
    "personal_data",
    "other",
)


def reason_text(code: str) -> str:
    """Return what a reason is called; one that a site made up stays as it is."""
    # A page of a hundred comments names the same few reasons a thousand times.
    known: dict[str, str] = g.setdefault("reason_texts", {})
    if code not in known:
        unknown = gettext("Reason: %(code)s", code=code)
        known[code] = str(REASONS[code]) if code in REASONS else unknown
    return known[code]


def suggested(reasons: list[str]) -> str:
    """Return the reason for rejecting that fits best what the machine found."""
    known = ["abusive" if reason == "severe" else reason for reason in reasons]
    # "abusive" covers the others: the particular one says more.
    particular = [reason for reason in known if reason in REJECT_REASONS[:4]]
    return (particular or [reason for reason in known if reason == "abusive"] or ["other"])[0]
