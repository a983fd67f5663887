"""Whether the process lives, and whether it can do its work."""

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from service.auth import requires
from service.database import check_writable, is_current
from service.state import ServiceState, service_state

health = Blueprint("health", __name__)


@health.get("/healthz")
@requires(None)
def healthz() -> Response:
    """Answer as long as the process does."""
    return jsonify({"status": "ok"})


@health.get("/readyz")
@requires(None)
def readyz() -> tuple[Response, int]:
    """Say which part, if any, keeps the service from taking comments."""
    state = service_state()
    problem = _database_problem(state)
    answer = {
        "status": "ready" if problem is None else "unavailable",
        "model": state.judge.scorer.version,
        "policy": state.judge.policy.version,
        "database": problem or "ok",
        # Told, but not a reason to be taken out of service: late answers are better than none.
        "scoring": "degraded" if state.metrics.degraded else "ok",
    }
    return jsonify(answer), 200 if problem is None else 503


def _database_problem(state: ServiceState) -> str | None:
    try:
        if not is_current(state.engine):
            return "migrations are missing: run `ghirbal db upgrade`"
        check_writable(state.engine)
    except SQLAlchemyError as error:
        # The cause is for the operator's log: it may name hosts and paths.
        current_app.logger.warning("not ready: %s", getattr(error, "orig", None) or error)
        return "cannot be written"
    return None
