"""What can go wrong with what a newsroom keeps."""

from service.errors import ApiError, ServiceError


class SiteNameError(ServiceError):
    """A site's name is taken or not known."""


def gone() -> ApiError:
    """Return the answer about a comment that was deleted on request."""
    return ApiError(410, "comment_deleted", "this comment was deleted on request; its text is gone")


def edited() -> ApiError:
    """Return the answer to a decision on a text that is not the comment's any more."""
    return ApiError(
        409,
        "comment_edited",
        "this comment was edited since it was read; read it again and decide on the new text",
        field="revision",
    )


class PolicyVersionError(ServiceError):
    """A version of the policy is there already or is not known."""


class WebhookError(ServiceError):
    """A webhook is not known or its address cannot be used."""


class ImportFileError(ServiceError):
    """A file to be imported cannot be read as what it is said to be."""


class TamperedError(ServiceError):
    """The past was changed."""
