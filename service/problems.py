"""Turning every failure of a request into the one shape of an error."""

from flask import Flask, Response, current_app, jsonify
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, InternalServerError

from service.errors import ApiError

RETRY_AFTER_S = "5"

_TYPES = {
    400: ("bad_request", "the request cannot be understood"),
    404: ("not_found", "there is nothing at this address"),
    405: ("method_not_allowed", "this address does not take this method"),
    408: ("request_timeout", "the request did not arrive in time"),
    411: ("length_required", "send the header Content-Length"),
    413: ("body_too_large", "the body is larger than this service accepts"),
    414: ("address_too_long", "the address is too long"),
    415: ("unsupported_media_type", "send the body as JSON"),
    431: ("headers_too_large", "the headers are too large"),
}


def answer_problems(app: Flask) -> None:
    """Register the handlers on `app`."""
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(HTTPException, _http_error)
    for failure in (OperationalError, InterfaceError, PoolTimeoutError):
        app.register_error_handler(failure, _database_error)
    app.register_error_handler(InternalServerError, _internal_error)


def _api_error(error: ApiError) -> Response:
    response = jsonify(error.to_document())
    response.status_code = error.status
    response.headers.update(error.headers)
    return response


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    type_, message = _TYPES.get(status, ("http_error", error.name.lower()))
    headers = {
        name: value
        for name, value in error.get_headers()
        if name.lower() in {"allow", "retry-after", "location"}
    }
    return _api_error(ApiError(status, type_, message, headers=headers))


def _database_error(error: Exception) -> Response:
    # Locked, full, gone: all pass, and a site that sends again later loses nothing.
    current_app.logger.error("database: %s", getattr(error, "orig", None) or error)
    return _api_error(
        ApiError(
            503,
            "database_unavailable",
            "the database cannot take this now; nothing was stored, send it again later",
            headers={"Retry-After": RETRY_AFTER_S},
        )
    )


def _internal_error(error: InternalServerError) -> Response:
    # Flask has logged the cause with its traceback.
    return _api_error(
        ApiError(500, "internal_error", "the service failed; the log of the operator says why")
    )
