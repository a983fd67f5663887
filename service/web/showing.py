"""What the review page shows: the comment before the moderator and its head."""

from urllib.parse import urlsplit

from flask import g, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from moderation import Action
from service.claims import count_visible
from service.desk import Move, Refusal
from service.dossier import Dossier, any_samples, read_dossier
from service.moderators import Role
from service.state import service_state
from service.web.blueprint import FRAGMENT
from service.web.highlight import pieces
from service.web.reasons import REJECT_REASONS, suggested
from service.web.spot_check import is_asked
from service.web.why import grounds


def show(comment_id: int | None) -> str:
    """Return the page of a comment, or of an empty queue; to a script, what changes of it."""
    with service_state().engine.connect() as connection:
        about = _head(connection) | _desk(connection, comment_id)
        if FRAGMENT in request.headers:
            return render_template("_answer.html", **about)
        return render_template("review.html", asked=is_asked(connection, g.person), **about)


def show_ahead(comment_id: int | None) -> str:
    """Return the head, and the comment that the script keeps until this one is decided on."""
    with service_state().engine.connect() as connection:
        about = _head(connection)
        if comment_id is not None:
            about |= _desk(connection, comment_id)
    return render_template("_answer.html", ahead=True, **about)


def address(comment_id: int | None) -> str:
    """Return the address of a comment, that of the queue if there is none."""
    if comment_id is None:
        return url_for("web.review")
    return url_for("web.review_one", comment_id=comment_id)


def _head(connection: Connection) -> dict[str, object]:
    return {
        "waiting": count_visible(connection, g.person),
        "samples": any_samples(connection),
    }


def _desk(connection: Connection, comment_id: int | None) -> dict[str, object]:
    if comment_id is None:
        return {"dossier": None}
    dossier = read_dossier(connection, comment_id)
    if dossier is None:
        raise NotFound
    text = dossier.comment["text"]
    return {
        "dossier": dossier,
        "open": _open(dossier),
        "reject_reasons": REJECT_REASONS,
        "pieces": pieces(text, dossier.spans),
        "grounds": grounds(
            text,
            scores=dossier.scores,
            reasons=dossier.reasons,
            spans=dossier.spans,
            policy=service_state().judge.policy,
        ),
        "suggested": suggested(dossier.reasons),
        "link": link(dossier.comment["article_url"]),
    }


def _open(dossier: Dossier) -> bool:
    mine = not dossier.escalated or g.person.role.covers(Role.LEAD)
    return dossier.comment["action"] == Action.REVIEW and mine


def link(url: str | None) -> str | None:
    """Return the address of an article if a browser only opens it, without running anything."""
    try:
        return url if url and urlsplit(url).scheme in {"http", "https"} else None
    except ValueError:
        return None


def done(move: Move) -> str:
    """Return what is told after a move."""
    told: dict[Move, str] = {
        Move.APPROVE: gettext("Published."),
        Move.REJECT: gettext("Rejected."),
        Move.ESCALATE: gettext("Passed to a lead."),
        Move.SKIP: gettext("Skipped; it comes back to you in an hour."),
    }
    return told[move]


def told(refusal: Refusal) -> str:
    """Return what is told when nothing was done."""
    reasons: dict[Refusal, str] = {
        Refusal.GONE: gettext("This comment is no longer there."),
        Refusal.CHANGED: gettext("The author has edited this comment since. Read it again."),
        Refusal.DECIDED: gettext("This comment has been decided on already."),
        Refusal.HELD: gettext("Another moderator is working on this comment."),
        Refusal.FOR_LEADS: gettext("This comment was passed to a lead."),
    }
    return reasons[refusal]
