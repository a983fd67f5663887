"""Signing in and out, and the files that every page needs."""

from pathlib import Path

from flask import flash, redirect, render_template, request, send_from_directory, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from service.auth import requires
from service.moderators import Role
from service.moderators import sign_in as check_password
from service.sessions import current_person, end_session, start_session
from service.state import service_state
from service.web.addresses import is_ours
from service.web.blueprint import web
from service.web.preferences import KEPT, preferences, read
from service.web.second_factor import ask_for_code

_STATIC = Path(__file__).parents[1] / "static"
_DAY_S = 86_400


@web.get("/")
@requires(None)
def home() -> Response:
    """Lead to the queue."""
    return redirect(url_for("web.review"))


@web.get("/static/<path:filename>")
@requires(None)
def static(filename: str) -> Response:
    """Return a style sheet, script or typeface."""
    response = send_from_directory(_STATIC, filename, max_age=_DAY_S)
    response.headers["Cache-Control"] = f"public, max-age={_DAY_S}"
    return response


@web.get("/sign-in")
@requires(None)
def sign_in() -> Response | str:
    """Ask for name and password; ``?language=`` changes the language first."""
    if "language" in request.args:
        chosen = preferences().model_dump() | {"language": request.args["language"]}
        session[KEPT] = read(chosen).model_dump()
        return redirect(url_for("web.sign_in", next=request.args.get("next")))
    wanted = request.args.get("next", "")
    if current_person(service_state().engine) is not None:
        return redirect(wanted if is_ours(wanted) else url_for("web.review"))
    return render_template("sign_in.html", next=wanted)


@web.post("/sign-in")
@requires(None)
def post_sign_in() -> Response | tuple[str, int]:
    """Open a session."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    wanted = request.form.get("next", "")
    person = check_password(service_state().engine, name.strip(), password)
    if person is None:
        flash(
            gettext(
                "Name or password is wrong, or the account is closed for a quarter of an hour "
                "after several failures."
            ),
            "problem",
        )
        return render_template("sign_in.html", name=name, next=wanted), 403
    if person.second_factor:
        return ask_for_code(person)
    start_session(person)
    return redirect(wanted if is_ours(wanted) else url_for("web.review"), 303)


@web.post("/sign-out")
@requires(Role.MODERATOR)
def sign_out() -> Response:
    """End the session."""
    end_session()
    return redirect(url_for("web.sign_in"), 303)
