"""Who decided what, when, and under which policy and model; nothing here can be changed."""

from flask import render_template, request
from sqlalchemy import ColumnElement, Connection, and_, or_, select, true
from sqlalchemy.engine import RowMapping
from werkzeug.exceptions import NotFound

from service.auth import requires
from service.moderators import Role
from service.state import service_state
from service.tables import ApiKey, Audit, Comment, Decision, Moderator
from service.web.asked import LARGEST
from service.web.blueprint import web

_PAGE = 100
_ACTIONS = ("approve", "review", "reject")


@web.get("/records")
@requires(Role.LEAD)
def records() -> str:
    """List decisions, newest first."""
    filter_ = {
        name: value
        for name in ("who", "action", "comment")
        if (value := request.args.get(name, "").strip())
    }
    before = request.args.get("before", type=int)
    if before is not None and abs(before) > LARGEST:
        raise NotFound
    changes = request.args.get("kind") == "changes"
    with service_state().engine.connect() as connection:
        rows = (
            _changes(connection, before) if changes else _read(connection, filter_, before=before)
        )
        people = connection.execute(
            select(Moderator.id, Moderator.display_name).order_by(Moderator.display_name)
        ).all()
    return render_template(
        "records.html",
        changes=changes,
        rows=rows[:_PAGE],
        following=rows[_PAGE - 1]["id"] if len(rows) > _PAGE else None,
        filter=filter_,
        people=people,
        actions=_ACTIONS,
    )


def _changes(connection: Connection, before: int | None) -> list[RowMapping]:
    """Return what people did beside deciding, newest first."""
    query = (
        select(
            Audit.id,
            Audit.created_at,
            Audit.action,
            Audit.subject,
            Moderator.display_name.label("person"),
            ApiKey.name.label("api_key"),
        )
        .outerjoin(Moderator, Moderator.id == Audit.moderator_id)
        .outerjoin(ApiKey, ApiKey.id == Audit.api_key_id)
        .where(true() if before is None else Audit.id < before)
        .order_by(Audit.id.desc())
        .limit(_PAGE + 1)
    )
    return list(connection.execute(query).mappings())


def _read(
    connection: Connection, filter_: dict[str, str], *, before: int | None
) -> list[RowMapping]:
    wanted = and_(true(), *_conditions(filter_))
    if before is not None:
        wanted = and_(wanted, Decision.id < before)
    query = (
        select(
            Decision.id,
            Decision.comment_id,
            Comment.external_id,
            Decision.revision,
            Decision.action,
            Decision.reasons,
            Decision.source,
            Decision.undoes,
            Decision.batch_id,
            Decision.model,
            Decision.policy,
            Decision.note,
            Decision.created_at,
            Moderator.display_name.label("person"),
            ApiKey.name.label("api_key"),
        )
        .join(Comment, Comment.id == Decision.comment_id)
        .outerjoin(Moderator, Moderator.id == Decision.moderator_id)
        .outerjoin(ApiKey, ApiKey.id == Decision.api_key_id)
        .where(wanted)
        .order_by(Decision.id.desc())
        .limit(_PAGE + 1)
    )
    return list(connection.execute(query).mappings())


def _conditions(filter_: dict[str, str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    who = filter_.get("who", "people")
    if who == "people":
        found.append(or_(Decision.moderator_id.is_not(None), Decision.api_key_id.is_not(None)))
    elif who == "machine":
        found.append(Decision.source.in_(("model", "list", "rule")))
    elif who.isascii() and who.isdigit() and len(who) < 18:
        found.append(Decision.moderator_id == int(who))
    if filter_.get("action") in _ACTIONS:
        found.append(Decision.action == filter_["action"])
    if "comment" in filter_:
        numbers = select(Comment.id).where(Comment.external_id == filter_["comment"])
        found.append(Decision.comment_id.in_(numbers))
    return found
