"""What can go wrong in the service, and the one shape in which it is told."""

from collections.abc import Mapping
from typing import Any


class ServiceError(Exception):
    """Base of the errors that stop a command with a message instead of a traceback."""


class SettingsError(ServiceError):
    """A setting is unknown or cannot be used."""


class DatabaseError(ServiceError):
    """The database cannot be opened, read or brought up to date."""


class KeyNameError(ServiceError):
    """An API key name is taken or not known."""


class ModeratorError(ServiceError):
    """A moderator's name or password cannot be used."""


class KeyFileError(ServiceError):
    """A key file cannot be read or written."""


class ListenError(ServiceError):
    """The service cannot listen where it was told to."""


class InputError(ServiceError):
    """Comments cannot be read, or a bulk run cannot be begun or resumed."""


class ApiError(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    status : int
        HTTP status.
    type_ : str
        Stable code that programs compare.
    message : str
        What was wrong and what to do, for people; never any of a comment's text.
    field : str, optional
        Where in the request.
    headers : mapping of str to str, optional
        Further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        type_: str,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type = type_
        self.message = message
        self.field = field
        self.headers = dict(headers or {})

    def to_document(self) -> dict[str, Any]:
        """Return the body of the answer."""
        error = {"type": self.type, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        return {"error": error}
