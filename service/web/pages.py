"""The other pages: trying texts out, choices, removal of the samples."""

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from moderation.text import canonicalise
from service.auth import requires
from service.database import writing
from service.moderators import Role, save_preferences
from service.samples import remove_samples
from service.schema import COMMENT_LIMIT_BYTES
from service.state import service_state
from service.web.addresses import is_ours
from service.web.blueprint import web
from service.web.highlight import pieces
from service.web.preferences import preferences, read
from service.web.why import grounds


@web.get("/try")
@requires(Role.MODERATOR)
def try_out() -> str:
    """Ask for a text."""
    return render_template("try.html", text="")


@web.post("/try")
@requires(Role.MODERATOR)
def post_try_out() -> str | tuple[str, int]:
    """Show how a text is read, scored and decided on; nothing is stored."""
    # A form sends lines with CR LF; comments come with LF.
    text = request.form.get("text", "").replace("\r\n", "\n")
    if not text.strip():
        flash(gettext("Write a comment first."), "problem")
        return render_template("try.html", text=""), 400
    if len(text.encode()) > COMMENT_LIMIT_BYTES:
        flash(gettext("The comment is too long."), "problem")
        return render_template("try.html", text=""), 413
    (judgement,) = service_state().judge.judge([text])
    return render_template(
        "try.html",
        text=text,
        judgement=judgement.to_document(),
        canonical=canonicalise([text]).text(0),
        pieces=pieces(text, judgement.spans),
        grounds=grounds(
            text,
            scores=judgement.scores,
            reasons=judgement.outcome.reasons,
            spans=judgement.spans,
            policy=service_state().judge.policy,
        ),
    )


@web.get("/preferences")
@requires(Role.MODERATOR)
def show_preferences() -> str:
    """Show the choices."""
    return render_template("preferences.html")


@web.post("/preferences")
@requires(Role.MODERATOR)
def post_preferences() -> Response:
    """Keep the choices of a form; what it does not name stays."""
    chosen = preferences().model_dump()
    for name in ("language", "digits", "theme"):
        chosen[name] = request.form.get(name, chosen[name])
    if "switches" in request.form:
        chosen["keys"] = "keys" in request.form
        chosen["blur"] = "blur" in request.form
    with writing(service_state().engine) as connection:
        save_preferences(connection, g.person.id, read(chosen).model_dump())
    if "switches" in request.form:
        flash(gettext("Saved."), "done")
        return redirect(url_for("web.show_preferences"), 303)
    back = request.form.get("back", "")
    return redirect(back if is_ours(back) else url_for("web.review"), 303)


@web.post("/samples/remove")
@requires(Role.LEAD)
def post_remove_samples() -> Response:
    """Remove the sample comments for good."""
    with writing(service_state().engine) as connection:
        remove_samples(connection)
    flash(gettext("The sample comments are gone."), "done")
    return redirect(url_for("web.review"), 303)
