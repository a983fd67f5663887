"""Errors as clients of the Perspective API read them: google.rpc.Status with details."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

from service.errors import ApiError

_COMMENT_ERROR = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_DOMAIN = "googleapis.com"
_SERVICE = "commentanalyzer.googleapis.com"

# Real clients compare these very messages.
_KEY_MISSING = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)
_KEY_INVALID = "API key not valid. Please pass a valid API key."

_CANONICAL = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_REASONS = {
    "key_missing": (403, _KEY_MISSING, "CONSUMER_INVALID"),
    "key_invalid": (400, _KEY_INVALID, "API_KEY_INVALID"),
    "scope_missing": (403, None, "API_KEY_SERVICE_BLOCKED"),
    "rate_limited": (429, None, "RATE_LIMIT_EXCEEDED"),
}


class PerspectiveError(ApiError):
    """A request that the documentation of the Perspective API names as wrong.

    Parameters
    ----------
    error_type : str
        As in the documentation.
    message : str
        Likewise.
    details : mapping of str to Any, optional
        What else stands beside the type of the error.
    """

    def __init__(
        self, error_type: str, message: str, *, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(400, error_type.lower(), message)
        self.error_type = error_type
        self.details = dict(details or {})


def invalid_request(message: str) -> PerspectiveError:
    """Return the error for all that has no type of its own."""
    return PerspectiveError("INVALID_REQUEST", message)


def render(error: ApiError) -> Response:
    """Return an error in the shape of Google's APIs."""
    status, message, detail = error.status, error.message, None
    if isinstance(error, PerspectiveError):
        detail = {"@type": _COMMENT_ERROR, "errorType": error.error_type} | error.details
    elif error.type in _REASONS:
        status, known, reason = _REASONS[error.type]
        message = known or message
        detail = {"@type": _ERROR_INFO, "reason": reason, "domain": _DOMAIN}
        detail |= {"metadata": {"service": _SERVICE}}
    elif status in {400, 413, 415}:
        status = 400
        message = f"Invalid value at '{error.field}': {message}" if error.field else message
        detail = {"@type": _COMMENT_ERROR, "errorType": "INVALID_REQUEST"}
    body = {"code": status, "message": message, "status": _CANONICAL.get(status, "UNKNOWN")}
    response = jsonify({"error": body | ({"details": [detail]} if detail else {})})
    response.status_code = status
    return response
