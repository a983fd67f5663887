"""The second factor: asked for after the password, switched on and off by its owner."""

import time

import segno
from flask import flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service.auth import requires
from service.database import writing
from service.moderators import Person, Role, find_person
from service.moderators import sign_in as check_password
from service.second_factor import (
    address_of,
    check_code,
    fits,
    new_secret,
    switch_off,
    switch_on,
)
from service.sessions import start_session
from service.state import service_state
from service.web.addresses import is_ours
from service.web.blueprint import web

_WAITING, _OFFERED = "waiting_for_code", "offered_secret"
_PATIENCE_S = 300


def ask_for_code(person: Person) -> Response:
    """Remember who gave the right password, and ask for the code."""
    session[_WAITING] = [person.id, person.password_version, int(time.time())]
    return redirect(url_for("web.sign_in_code", next=request.form.get("next") or None), 303)


@web.get("/sign-in/code")
@requires(None)
def sign_in_code() -> Response | str:
    """Ask for the code of the app."""
    if _waiting() is None:
        return redirect(url_for("web.sign_in"))
    return render_template("sign_in_code.html", next=request.args.get("next", ""))


@web.post("/sign-in/code")
@requires(None)
def post_sign_in_code() -> Response | tuple[str, int]:
    """Open a session for whoever has both, the password and the code."""
    waiting, wanted = _waiting(), request.form.get("next", "")
    if waiting is None:
        flash(gettext("That took too long. Sign in again."), "problem")
        return redirect(url_for("web.sign_in"), 303)
    person = check_code(service_state().engine, *waiting, request.form.get("code", ""))
    if person is None:
        told = gettext(
            "The code is wrong or was used already, or the account is closed for a quarter of an "
            "hour after several failures."
        )
        flash(told, "problem")
        return render_template("sign_in_code.html", next=wanted), 403
    start_session(person)
    return redirect(wanted if is_ours(wanted) else url_for("web.review"), 303)


def _waiting() -> tuple[int, int] | None:
    """Return who has given the right password lately in this browser."""
    person_id, version, at = session.get(_WAITING, (0, 0, 0))
    return (person_id, version) if time.time() - at < _PATIENCE_S else None


@web.get("/second-factor")
@requires(Role.MODERATOR)
def second_factor() -> str:
    """Offer a secret, or to give the second factor up."""
    if g.person.second_factor:
        return render_template("second_factor.html", secret=None)
    secret = session.setdefault(_OFFERED, new_secret())
    picture = segno.make(address_of(secret, g.person.name), error="m").svg_inline(
        scale=5, border=4, light="#fff", dark="#000", omitsize=True
    )
    return render_template(
        "second_factor.html",
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        # Made here, of a secret and of a name that the library escapes.
        picture=Markup(picture),  # noqa: S704
    )


@web.post("/second-factor")
@requires(Role.MODERATOR)
def post_second_factor() -> Response:
    """Switch one's own second factor on or off; the password is needed for either."""
    wish, engine = request.form.get("do"), service_state().engine
    if wish not in {"on", "off"} or (wish == "on") is g.person.second_factor:
        raise BadRequest
    if check_password(engine, g.person.name, request.form.get("password", "")) is None:
        return _back(gettext("The present password is wrong."))
    if wish == "on":
        secret = session.get(_OFFERED, "")
        if not secret or not fits(secret, request.form.get("code", "")):
            return _back(gettext("The code does not fit. Is the clock of the telephone right?"))
    with writing(engine) as connection:
        if wish == "on":
            switch_on(connection, g.person, secret)
        else:
            switch_off(connection, g.person.name, moderator_id=g.person.id)
        person = find_person(connection, g.person.id, g.person.password_version + 1)
    if person is not None:
        start_session(person)
    told = {
        "on": gettext("From now on a code is asked for after the password."),
        "off": gettext("From now on the password is enough."),
    }
    flash(told[wish], "done")
    return redirect(url_for("web.show_preferences"), 303)


def _back(problem: str) -> Response:
    flash(problem, "problem")
    return redirect(url_for("web.second_factor"), 303)
