"""The overview in charts, and the random check of what was published."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service.auth import requires
from service.dossier import read_dossier
from service.moderators import Role
from service.state import service_state
from service.web.asked import whole
from service.web.blueprint import web
from service.web.breakdown import attributes, sections
from service.web.charts import Chart, bars
from service.web.figures import Period, periods
from service.web.foresight import Estimate
from service.web.highlight import pieces
from service.web.preferences import preferences
from service.web.reasons import REJECT_REASONS
from service.web.spot_check import DAYS, check, checked, draw

_LENGTHS = {"day": (timedelta(days=1), 14), "week": (timedelta(days=7), 8)}


@web.get("/overview")
@requires(Role.MODERATOR)
def overview() -> str:
    """Show what happened, by day or by week."""
    by = "day" if request.args.get("by") == "day" else "week"
    length, count = _LENGTHS[by]
    now = datetime.now(UTC)
    starts = _starts(now, length=length, count=count)
    with service_state().engine.connect() as connection:
        found = periods(connection, starts, now)
        return render_template(
            "overview.html",
            by=by,
            periods=found,
            charts=_charts(found),
            attributes=attributes(connection, starts[0], service_state().judge.policy),
            sections=sections(connection, starts[0]),
            checked=checked(connection),
            recall=periods(connection, [now - timedelta(days=DAYS)], now)[0].recall,
        )


@web.get("/spot-check")
@requires(Role.MODERATOR)
def spot_check() -> str:
    """Show a published comment drawn at random."""
    with service_state().engine.connect() as connection:
        number = draw(connection)
        dossier = None if number is None else read_dossier(connection, number)
        return render_template(
            "spot_check.html",
            dossier=dossier,
            pieces=[] if dossier is None else pieces(dossier.comment["text"], dossier.spans),
            reject_reasons=REJECT_REASONS,
            checked=checked(connection),
        )


@web.post("/spot-check")
@requires(Role.MODERATOR)
def post_spot_check() -> Response:
    """Record what a moderator says of the comment, and show another."""
    try:
        number, revision = whole(request.form["comment"]), whole(request.form["revision"])
    except (KeyError, ValueError):
        raise BadRequest from None
    reason = request.form.get("reject")
    if reason is not None and reason not in REJECT_REASONS:
        raise BadRequest
    engine = service_state().engine
    if check(engine, g.person, number, revision=revision, reason=reason):
        flash(gettext("Thank you; noted."), "done")
    else:
        flash(gettext("This comment has been decided on already."), "problem")
    return redirect(url_for("web.spot_check"), 303)


def _starts(now: datetime, *, length: timedelta, count: int) -> list[datetime]:
    """Return when the last periods began, in the newsroom's zone; the last has not ended."""
    zone = ZoneInfo(service_state().settings.time_zone)
    today = datetime.combine(now.astimezone(zone).date(), time(), zone)
    # A week of a newsroom begins where it likes: these are seven days to today.
    last = today + timedelta(days=1) - length
    return [last - length * back for back in reversed(range(count))]


def _charts(found: list[Period]) -> list[dict[str, Any]]:
    rtl = preferences().direction == "rtl"

    def chart(title: str, kind: str, names: list[str], drawn: Chart) -> dict[str, Any]:
        return {"title": title, "kind": kind, "names": names, "chart": drawn}

    return [
        chart(
            gettext("Comments"), "number", [], bars([[each.comments for each in found]], rtl=rtl)
        ),
        chart(
            gettext("Share sent to review"),
            "percent",
            [],
            _shares([each.review_rate for each in found], rtl=rtl),
        ),
        chart(
            gettext("Decisions of moderators"),
            "number",
            [gettext("Published"), gettext("Rejected")],
            bars([[each.approved for each in found], [each.rejected for each in found]], rtl=rtl),
        ),
        chart(
            gettext("Minutes until a decision, median"),
            "number",
            [],
            bars([[each.wait_minutes for each in found]], rtl=rtl),
        ),
        chart(
            gettext("Precision: share of what was held that you rejected"),
            "percent",
            [],
            _shares([each.agreement for each in found], rtl=rtl),
        ),
        chart(
            gettext("Recall, by random checks: share caught of what deserved rejection"),
            "percent",
            [],
            _shares([each.recall for each in found], rtl=rtl),
        ),
    ]


def _shares(estimates: list[Estimate | None], *, rtl: bool) -> Chart:
    return bars(
        [[None if each is None else each.value for each in estimates]],
        rtl=rtl,
        top=1.0,
        intervals=[None if each is None else (each.low, each.high) for each in estimates],
    )
