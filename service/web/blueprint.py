"""The blueprint of the pages, and what holds for every one of them."""

from pathlib import Path
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import Babel, gettext
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from service.problems import RETRY_AFTER_S
from service.sessions import (
    RoleTooLowError,
    SignInNeededError,
    current_person,
    set_up_sessions,
)
from service.settings import Settings
from service.state import service_state
from service.web.formats import add_filters, locale_of_request
from service.web.highlight import direction, pieces
from service.web.names import (
    change_name,
    change_subject,
    event_name,
    role_name,
    role_says,
    scope_name,
    source_name,
)
from service.web.preferences import preferences
from service.web.reasons import reason_text
from service.web.versions import list_name, rule_name

web = Blueprint("web", __name__)
FRAGMENT = "X-Ghirbal-Fragment"
HTMX = "HX-Request"
# Answers there are for programs, whoever asks.
_API = ("/v1", "/batch", "/$discovery", "/coral", "/metrics", "/healthz", "/readyz")
# JSON first: it is what somebody who takes anything is given.
_KINDS = ("application/json", "text/html")
Answer = tuple[str, int] | tuple[str, int, dict[str, str]]
_csrf = CSRFProtect()
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def register_web(app: Flask, settings: Settings) -> None:
    """Add the pages to `app`."""
    # Imported here: they put their views on the blueprint above.
    from service.web import (  # noqa: F401
        access,
        bulk,
        listing,
        overview,
        pages,
        people,
        policy,
        records,
        review,
        second_factor,
        signing,
    )

    set_up_sessions(app, settings)
    # Checked by the blueprint below: a caller with an API key has no cookie to be abused.
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None)
    _csrf.init_app(app)
    Babel(
        app,
        default_translation_directories=str(Path(app.root_path) / "translations"),
        locale_selector=locale_of_request,
        default_timezone=settings.time_zone,
    )
    add_filters(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        preferences=preferences,
        reason_text=reason_text,
        direction=direction,
        pieces=pieces,
        list_name=list_name,
        rule_name=rule_name,
        role_name=role_name,
        change_name=change_name,
        change_subject=change_subject,
        role_says=role_says,
        scope_name=scope_name,
        event_name=event_name,
        source_name=source_name,
    )
    app.register_blueprint(web)


@web.before_request
def _check_csrf() -> None:
    if request.method == "POST":
        _csrf.protect()


@web.after_request
def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@web.errorhandler(SignInNeededError)
def _sign_in_needed(_error: SignInNeededError) -> BaseResponse | Answer:
    if request.method == "POST":
        flash(
            gettext("Your session has ended and nothing was stored. Sign in and repeat it."),
            "problem",
        )
    if FRAGMENT in request.headers:
        return "", 401
    if HTMX in request.headers:
        return "", 401, {"HX-Redirect": url_for("web.sign_in", next=_left())}
    wanted = request.full_path.rstrip("?") if request.method == "GET" else _left()
    return redirect(url_for("web.sign_in", next=wanted), 303)


def _left() -> str | None:
    """Return the page that a form was sent from, its filter included."""
    page = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    if not page.path or page.netloc != request.host:
        return None
    return f"{page.path}?{page.query}" if page.query else page.path


@web.errorhandler(RoleTooLowError)
def _role_too_low(_error: RoleTooLowError) -> tuple[str, int]:
    return _problem(403, gettext("Your account may not do this."))


@web.errorhandler(CSRFError)
def _csrf_missing(_error: CSRFError) -> Answer:
    in_list = HTMX in request.headers and request.endpoint == "web.post_queue"
    if FRAGMENT in request.headers or in_list:
        message = gettext("This form was out of date and nothing was stored. Repeat it.")
        # Nothing is typed into the list that a fresh one would lose.
        return *_told_later(400, message), {"HX-Refresh": "true"}
    return _problem(
        400, gettext("This form is out of date. Go back, load the page again and repeat.")
    )


@web.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> tuple[str, int]:
    status = error.code or 500
    message = _message(status)
    if FRAGMENT in request.headers and status != 404:
        return _told_later(status, message)
    return _problem(status, message)


def error_page(status: int) -> Response | None:
    """Return the page for an error that no view of ours has raised; None for who reads no pages."""
    if request.path.startswith(_API):
        return None
    if request.accept_mimetypes.best_match(_KINDS) != "text/html":
        return None
    # What the database has done to a request it must not do to the page that tells of it.
    if status < 500 and "person" not in g:
        g.person = current_person(service_state().engine)
    return _add_headers(make_response(_problem(status, _message(status))))


def _message(status: int) -> str:
    if status == 404:
        return str(gettext("There is nothing at this address."))
    if status == 503:
        return str(
            gettext("The database cannot be reached. Nothing was stored; try again in a moment.")
        )
    if status >= 500:
        return str(gettext("Something went wrong here. The operator can read why in the log."))
    return str(gettext("The request cannot be understood."))


@web.errorhandler(OperationalError)
@web.errorhandler(InterfaceError)
@web.errorhandler(PoolTimeoutError)
def _database_error(_error: Exception) -> tuple[str, int, dict[str, str]]:
    return *_problem(503, _message(503)), {"Retry-After": RETRY_AFTER_S}


def _told_later(status: int, message: str) -> tuple[str, int]:
    """Leave it to the page that the script goes to."""
    flash(message, "problem")
    return "", status


def _problem(status: int, message: str) -> tuple[str, int]:
    return render_template("problem.html", message=message), status
