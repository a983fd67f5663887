"""The policy: thresholds with what to expect of them, lists, rules, and their versions."""

import time
from datetime import UTC, datetime
from typing import Any

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from moderation import PolicyError
from service.auth import requires
from service.database import writing
from service.moderators import Role
from service.newsroom_errors import PolicyVersionError
from service.policies import list_policies, read_policy, store_policy, use_policy
from service.rules import to_document
from service.state import service_state
from service.web.blueprint import web
from service.web.foresight import Recent, for_precision, for_workload, foresee
from service.web.formats import typed_number
from service.web.policy_form import PolicyForm, from_document, from_fields
from service.web.recent import DAYS, MOST, caught, read_recent
from service.web.versions import changes

_NOTE_LIMIT = 2_000
_SHOWN = 20
_KEEP_S = 30.0
_KEPT = "ghirbal-recent"


@web.get("/policy")
@requires(Role.LEAD)
def policy() -> str:
    """Show the policy in force, or the version that the address names."""
    version = request.args.get("version")
    if version is None:
        return _page(from_document(_in_force()))
    with service_state().engine.connect() as connection:
        try:
            document = read_policy(connection, version)
        except PolicyVersionError:
            raise NotFound from None
    return _page(from_document(document), version=version)


@web.post("/policy")
@requires(Role.LEAD)
def post_policy() -> Response | str | tuple[str, int]:
    """Foresee, choose or try out what the fields say, or put it in force."""
    form = from_fields(request.form)
    wish = request.form.get("do")
    if wish is None:
        return render_template("_foresight.html", **_foresight(form))
    for problem in form.problems:
        flash(problem, "problem")
    if form.problems:
        return _page(form), 422
    if wish == "save":
        return _save(form)
    if wish == "try":
        return _page(form, tried=request.form.get("tried", ""))
    _choose(form, wish)
    return _page(form)


@web.post("/policy/use")
@requires(Role.LEAD)
def post_policy_use() -> Response:
    """Put an earlier version in force again."""
    version = request.form.get("version", "")
    state = service_state()
    try:
        with writing(state.engine) as connection:
            use_policy(connection, version, moderator_id=g.person.id)
    except PolicyVersionError:
        raise NotFound from None
    state.in_force.refresh()
    flash(gettext("This version is in force again."), "done")
    return redirect(url_for("web.policy"), 303)


def _save(form: PolicyForm) -> Response | tuple[str, int]:
    state = service_state()
    note = request.form.get("note", "").strip()[:_NOTE_LIMIT] or None
    try:
        with writing(state.engine) as connection:
            _keep_first(connection)
            # Numbered on: the day alone would not tell the second of a day from the first.
            number = len(list_policies(connection)) + 1
            version = f"{datetime.now(UTC):%Y-%m-%d}.{number}"
            store_policy(connection, form.document(version), moderator_id=g.person.id, note=note)
            use_policy(connection, version, moderator_id=g.person.id)
    except PolicyError:
        flash(gettext("A rule has a number that makes no sense. Nothing was stored."), "problem")
        return _page(form), 422
    except PolicyVersionError:
        flash(gettext("Somebody stored a policy at the same time. Try again."), "problem")
        return _page(form), 409
    state.in_force.refresh()
    flash(gettext("Stored; the policy holds from now on."), "done")
    return redirect(url_for("web.policy"), 303)


def _keep_first(connection: Connection) -> None:
    """Store the policy that came with the service, so that one can return to it."""
    document = _in_force()
    if not list_policies(connection):
        store_policy(connection, document)


def _choose(form: PolicyForm, wish: str | None) -> None:
    """Put thresholds into the form that do what is wished for."""
    if wish not in {"workload", "precision"}:
        return
    value = request.form.get(wish, type=typed_number)
    recent = _recent()
    if value is None or not recent.verdicts.size:
        flash(gettext("There are no comments to choose by yet, or no number."), "problem")
    elif wish == "workload":
        form.thresholds = for_workload(recent, form.thresholds, a_day=max(0.0, value))
        flash(gettext("These thresholds keep to the work; look at them and store them."), "done")
    else:
        found = for_precision(recent, form.thresholds, precision=min(max(value / 100, 0.0), 1.0))
        if found is None:
            flash(gettext("No thresholds reach this share on your last comments."), "problem")
        else:
            form.thresholds = found
            flash(gettext("These thresholds reach the share; look at them and store them."), "done")


def _page(form: PolicyForm, *, version: str | None = None, tried: str | None = None) -> str:
    with service_state().engine.connect() as connection:
        about: dict[str, Any] = {"versions": _versions(connection)}
        if tried is not None:
            about |= _tried(connection, tried)
    return render_template("policy.html", form=form, viewed=version, **about, **_foresight(form))


def _tried(connection: Connection, lines: str) -> dict[str, Any]:
    phrases = [line.strip() for line in lines.splitlines() if line.strip()]
    try:
        count, rows, looked_at = caught(connection, phrases)
    except PolicyError:
        flash(gettext("“%(line)s” has no letter to look for.", line=lines[:40]), "problem")
        return {"tried": lines}
    return {"tried": lines, "caught": count, "caught_rows": rows, "looked_at": looked_at}


def _foresight(form: PolicyForm) -> dict[str, Any]:
    recent = _recent()
    if not recent.verdicts.size:
        return {"foresight": None}
    now = from_document(_in_force())
    return {
        "foresight": foresee(recent, form.thresholds),
        "present": foresee(recent, now.thresholds),
        "recent_count": len(recent.verdicts),
        "recent_days": DAYS if len(recent.verdicts) < MOST else max(1, round(recent.days)),
    }


def _recent() -> Recent:
    """Return the last comments, read anew after half a minute: sliders ask often."""
    kept: tuple[float, Recent] | None = current_app.extensions.get(_KEPT)
    if kept is None or time.monotonic() - kept[0] > _KEEP_S:
        with service_state().engine.connect() as connection:
            kept = time.monotonic(), read_recent(connection)
        current_app.extensions[_KEPT] = kept
    return kept[1]


def _in_force() -> dict[str, Any]:
    judge = service_state().judge
    return to_document(judge.policy, judge.rules)


def _versions(connection: Connection) -> list[dict[str, Any]]:
    """Return the last versions, each with what it changed of the one before."""
    rows = [dict(row) for row in list_policies(connection)[: _SHOWN + 1]]
    documents = [read_policy(connection, row["version"]) for row in rows]
    for row, document, before in zip(rows, documents, [*documents[1:], None], strict=False):
        row["changes"] = [] if before is None else changes(before, document)
    return rows[:_SHOWN]
