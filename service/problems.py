"""Turning every failure of a request into an error of the shape that its callers read."""

from collections.abc import Callable

from flask import Blueprint, Flask, Response, current_app, g, jsonify
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


def render_native(error: ApiError) -> Response:
    """Return an error of the native API."""
    response = jsonify(error.to_document())
    response.status_code = error.status
    return response


def answer_problems(
    routes: Flask | Blueprint, render: Callable[[ApiError], Response] = render_native
) -> None:
    """Register the handlers on `routes`; `render` gives an error the shape of its format."""

    def api_error(error: ApiError) -> Response:
        response = render(error)
        response.headers.update(error.headers)
        # For the metrics: what went wrong, by its stable code.
        g.error_type = error.type
        return response

    def handled(translate: Callable[[Exception], ApiError]) -> Callable[[Exception], Response]:
        return lambda error: api_error(translate(error))

    routes.register_error_handler(ApiError, api_error)
    routes.register_error_handler(HTTPException, handled(_http_error))
    for failure in (OperationalError, InterfaceError, PoolTimeoutError):
        routes.register_error_handler(failure, handled(_database_error))
    routes.register_error_handler(InternalServerError, handled(_internal_error))


def _http_error(error: Exception) -> ApiError:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    status = error.code or 500
    type_, message = _TYPES.get(status, ("http_error", error.name.lower()))
    headers = {
        name: value
        for name, value in error.get_headers()
        if name.lower() in {"allow", "retry-after", "location"}
    }
    return ApiError(status, type_, message, headers=headers)


def _database_error(error: Exception) -> ApiError:
    # Locked, full, gone: all pass, and a site that sends again later loses nothing.
    current_app.logger.error("database: %s", getattr(error, "orig", None) or error)
    return ApiError(
        503,
        "database_unavailable",
        "the database cannot take this now; nothing was stored, send it again later",
        headers={"Retry-After": RETRY_AFTER_S},
    )


def _internal_error(_error: Exception) -> ApiError:
    # Flask has logged the cause with its traceback.
    return ApiError(500, "internal_error", "the service failed; the log of the operator says why")
