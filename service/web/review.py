"""The queue: one comment at a time, or a list."""

from typing import Literal
from urllib.parse import urlsplit

from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from moderation import Action
from service.auth import requires
from service.claims import claim_next, claim_one, count_visible, previous, visible_to
from service.desk import Move, Refusal, Wish, act, undo
from service.dossier import any_samples, read_dossier, read_lines
from service.errors import ApiError
from service.moderators import Role
from service.queue import read_page
from service.schema import QueueQuery
from service.state import service_state
from service.web.blueprint import FRAGMENT, web
from service.web.highlight import pieces, words
from service.web.reasons import REJECT_REASONS, suggested

NOTE_LIMIT = 2_000
_PAGE = 50


@web.get("/review")
@requires(Role.MODERATOR)
def review() -> Response:
    """Show the comment that comes first."""
    return _show(claim_next(service_state().engine, g.person))


@web.get("/review/<int:comment_id>")
@requires(Role.MODERATOR)
def review_one(comment_id: int) -> Response:
    """Show one comment; it can be decided on if it waits and nobody else holds it."""
    engine = service_state().engine
    if not claim_one(engine, g.person, comment_id):
        flash(_told(Refusal.HELD), "problem")
        return _show(claim_next(engine, g.person))
    return _show(comment_id)


@web.get("/review/<int:comment_id>/next")
@requires(Role.MODERATOR)
def review_next(comment_id: int) -> Response:
    """Show the comment that follows in the queue; the one before stays claimed."""
    following = claim_next(service_state().engine, g.person, after=comment_id)
    if following is None:
        flash(gettext("This is the end of the queue."))
    return _show(following or comment_id)


@web.get("/review/<int:comment_id>/previous")
@requires(Role.MODERATOR)
def review_previous(comment_id: int) -> Response:
    """Show the comment before, of those that were shown already."""
    engine = service_state().engine
    with engine.connect() as connection:
        before = previous(connection, g.person, before=comment_id)
    if before is None or not claim_one(engine, g.person, before):
        flash(gettext("There is nothing before this one."))
        before = comment_id
    return _show(before)


@web.post("/review/<int:comment_id>")
@requires(Role.MODERATOR)
def post_review(comment_id: int) -> Response:
    """Approve, reject, escalate or skip, and show the next comment."""
    engine = service_state().engine
    wish = _wish(comment_id)
    refusal = act(engine, g.person, wish)
    if refusal is None:
        flash(_done(wish.move), "done")
    else:
        flash(_told(refusal), "problem")
    return _lead(claim_next(engine, g.person))


@web.post("/undo")
@requires(Role.MODERATOR)
def post_undo() -> Response:
    """Take the last move back and show its comment again."""
    engine = service_state().engine
    comment_id = undo(engine, g.person)
    if comment_id is None:
        flash(gettext("There is nothing to undo."), "problem")
        return _lead(claim_next(engine, g.person))
    flash(gettext("Undone. The comment is before you again."), "done")
    claim_one(engine, g.person, comment_id)
    return _lead(comment_id)


@web.get("/queue")
@requires(Role.MODERATOR)
def queue() -> Response | str:
    """List what waits."""
    by_age = request.args.get("order") == "oldest"
    order: Literal["score", "oldest"] = "oldest" if by_age else "score"
    query = QueueQuery(order=order, limit=_PAGE, after=request.args.get("after"))
    visible = visible_to(g.person)
    with service_state().engine.connect() as connection:
        try:
            comments, following = read_page(connection, query, visible=visible)
        except ApiError:
            return redirect(url_for("web.queue", order=order))
        return render_template(
            "queue.html",
            lines=read_lines(connection, list(comments)),
            following=following,
            order=order,
            waiting=count_visible(connection, g.person),
            samples=any_samples(connection),
            pieces=pieces,
        )


def _wish(comment_id: int) -> Wish:
    form = request.form
    try:
        move, revision = Move(form.get("move", "")), int(form.get("revision", ""))
    except ValueError:
        raise BadRequest from None
    reason = form.get("reason") if move is Move.REJECT else None
    if move is Move.REJECT and reason not in REJECT_REASONS:
        raise BadRequest
    note = form.get("note", "").replace("\0", "").strip()[:NOTE_LIMIT] or None
    return Wish(comment_id, revision, move, reason, note)


def _lead(comment_id: int | None) -> Response:
    if FRAGMENT in request.headers:
        return _show(comment_id)
    if comment_id is None:
        return redirect(url_for("web.review"), 303)
    return redirect(url_for("web.review_one", comment_id=comment_id), 303)


def _show(comment_id: int | None) -> Response:
    fragment = FRAGMENT in request.headers
    with service_state().engine.connect() as connection:
        page = render_template(
            "_desk.html" if fragment else "review.html", **_desk(connection, comment_id)
        )
    answer = make_response(page)
    if comment_id is not None:
        answer.headers["X-Ghirbal-Address"] = url_for("web.review_one", comment_id=comment_id)
    return answer


def _desk(connection: Connection, comment_id: int | None) -> dict[str, object]:
    about = {
        "waiting": count_visible(connection, g.person),
        "samples": any_samples(connection),
        "reject_reasons": REJECT_REASONS,
    }
    if comment_id is None:
        return about | {"dossier": None}
    dossier = read_dossier(connection, comment_id)
    if dossier is None:
        raise NotFound
    text, spans = dossier.comment["text"], dossier.spans
    open_ = dossier.comment["action"] == Action.REVIEW and (
        not dossier.escalated or g.person.role.covers(Role.LEAD)
    )
    return about | {
        "dossier": dossier,
        "open": open_,
        "pieces": pieces(text, spans),
        "words": words(text, spans),
        "suggested": suggested(dossier.reasons),
        "link": _link(dossier.comment["article_url"]),
    }


def _link(url: str | None) -> str | None:
    """Return the address of an article if a browser only opens it, without running anything."""
    try:
        return url if url and urlsplit(url).scheme in {"http", "https"} else None
    except ValueError:
        return None


def _done(move: Move) -> str:
    told: dict[Move, str] = {
        Move.APPROVE: gettext("Published."),
        Move.REJECT: gettext("Rejected."),
        Move.ESCALATE: gettext("Passed to a lead."),
        Move.SKIP: gettext("Skipped; it comes back to you in an hour."),
    }
    return told[move]


def _told(refusal: Refusal) -> str:
    told: dict[Refusal, str] = {
        Refusal.GONE: gettext("This comment is no longer there."),
        Refusal.CHANGED: gettext("The author has edited this comment since. Read it again."),
        Refusal.DECIDED: gettext("This comment has been decided on already."),
        Refusal.HELD: gettext("Another moderator is working on this comment."),
        Refusal.FOR_LEADS: gettext("This comment was passed to a lead."),
    }
    return told[refusal]
