"""What requests may say; the same models are what a description of the API is made from."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from moderation import ATTRIBUTES, Action

COMMENT_LIMIT_BYTES = 20_480
BATCH_LIMIT = 1_000
ID_LIMIT = 200

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SURROGATE = re.compile("[\ud800-\udfff]")


def _scorable(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("comment_empty", "the comment has no text")
    size = len(_unicode(text).encode())
    if size > COMMENT_LIMIT_BYTES:
        raise PydanticCustomError(
            "comment_too_long",
            "the comment has {size} bytes of UTF-8, the limit is {limit}",
            {"size": size, "limit": COMMENT_LIMIT_BYTES},
        )
    return text


def _storable(text: str) -> str:
    # PostgreSQL cannot hold it, and no reader typed it.
    if "\0" in text:
        raise ValueError("must not hold the character U+0000")
    return text


def _iso_text(value: object) -> object:
    # Numbers would be read as seconds or milliseconds, whichever seems to fit.
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError("must be an ISO 8601 time such as 2026-11-23T09:30:00Z")
    return value


def _utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be between the years 1 and 9999 in UTC") from None


def _item_id(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("must be a string or an integer")
    if isinstance(value, str) and not (len(value) <= ID_LIMIT and is_unicode(value)):
        raise ValueError(f"must be valid Unicode of at most {ID_LIMIT} characters")
    return value


def is_unicode(text: str) -> bool:
    """Return whether `text` has no unpaired surrogates, which JSON can spell but UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unicode(text: str) -> str:
    if not is_unicode(text):
        raise PydanticCustomError("string_unicode", "must be valid Unicode")
    return text


def _mended(text: str) -> str:
    return text if is_unicode(text) else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _addressable(name: str) -> str:
    # Clients take these two for folders of the address, also where they are escaped.
    if name in {".", ".."}:
        raise ValueError("must not be . or .., which cannot stand in an address")
    return name


def _blank_as_none(value: object) -> object:
    return None if value == "" else value


ScorableText = Annotated[str, Field(strict=True), AfterValidator(_scorable)]
StorableText = Annotated[ScorableText, AfterValidator(_storable)]
UnicodeString = Annotated[str, Field(strict=True), AfterValidator(_unicode)]
# For callers that publish a comment when they get an error. U+FFFD is as long as the unpaired
# surrogate in whose place it stands, in code points and in UTF-16 units.
MendedString = Annotated[str, Field(strict=True), AfterValidator(_mended)]
StorableString = Annotated[UnicodeString, AfterValidator(_storable)]
Id = Annotated[
    str, Field(strict=True, min_length=1, max_length=ID_LIMIT), AfterValidator(_storable)
]
CommentId = Annotated[Id, AfterValidator(_addressable)]
ItemId = Annotated[str | int, BeforeValidator(_item_id)]
# Sites send an empty string for what they do not know, such as the id of an anonymous author.
OptionalId = Annotated[Id | None, BeforeValidator(_blank_as_none)]
Line = Annotated[str, Field(strict=True, max_length=1_000), AfterValidator(_storable)]
Note = Annotated[str, Field(strict=True, max_length=2_000), AfterValidator(_storable)]
OptionalLine = Annotated[Line | None, BeforeValidator(_blank_as_none)]
OptionalNote = Annotated[Note | None, BeforeValidator(_blank_as_none)]
Search = Annotated[str, Field(strict=True, min_length=1, max_length=200), AfterValidator(_storable)]
Revision = Annotated[int, Field(strict=True, ge=1)]
Time = Annotated[datetime, BeforeValidator(_iso_text), AfterValidator(_utc)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ScoreItem(_Request):
    """A comment to score and forget."""

    id: ItemId | None = None
    text: ScorableText


class ScoreBatch(_Request):
    """Several comments to score; each is checked by itself, so that one bad does not stop all."""

    comments: Annotated[list[Any], Field(strict=True, min_length=1)]


class AuthorIn(_Request):
    """Who wrote a comment, as the site knows them."""

    id: OptionalId = None
    name: OptionalLine = None


class ArticleIn(_Request):
    """The page under which a comment stands."""

    id: OptionalId = None
    title: OptionalLine = None
    url: OptionalNote = None
    section: OptionalId = None

    @property
    def key(self) -> str | None:
        """What the article is recognised by: its id, else its address, else its title."""
        return self.id or self.url or self.title or None


class CommentIn(_Request):
    """A comment to keep and decide on."""

    id: CommentId
    text: StorableText
    author: AuthorIn | None = None
    article: ArticleIn | None = None
    parent_id: OptionalId = None
    created_at: Time | None = None


class DecisionIn(_Request):
    """A moderator's decision; with `revision` only on the text that was read."""

    action: Action
    reason: OptionalId = None
    note: Note | None = None
    until_edited: bool = False
    revision: Revision | None = None

    @model_validator(mode="after")
    def _only_approval_lasts(self) -> Self:
        if self.until_edited and self.action is not Action.APPROVE:
            raise ValueError("until_edited goes with the action approve only")
        return self


class FlagIn(_Request):
    """A reader's report of a comment."""

    reason: OptionalId = None
    note: Note | None = None
    reporter_id: OptionalId = None


class DeletionIn(_Request):
    """Who wants a comment deleted."""

    requested_by: Literal["author", "site"]


def _attribute(value: str) -> str:
    if value not in ATTRIBUTES:
        raise ValueError(f"must be one of {', '.join(ATTRIBUTES)}")
    return value


Attribute = Annotated[
    str, AfterValidator(_attribute), Field(json_schema_extra={"enum": list(ATTRIBUTES)})
]


class QueueFilter(_Request):
    """Which comments of the review queue; what is left out does not narrow it."""

    site: Id | None = None
    section: Id | None = None
    article: Id | None = None
    author: Id | None = None
    attribute: Attribute | None = None
    score_from: Annotated[float, Field(ge=0, le=1)] | None = None
    score_to: Annotated[float, Field(ge=0, le=1)] | None = None
    created_from: Time | None = None
    created_to: Time | None = None
    flagged: bool | None = None
    escalated: bool | None = None
    script: Literal["arabic", "latin", "mixed", "none"] | None = None
    search: Search | None = None


class BulkItem(_Request):
    """A comment to decide on, and the revision that was read."""

    id: Id
    revision: Revision


class BulkIn(_Request):
    """A decision on many comments: those named, or all in the queue that a filter leaves.

    Without `up_to` a filter is only tried out; `up_to` is what that answered.
    """

    action: Literal["approve", "reject"]
    reason: OptionalId = None
    note: Note | None = None
    comments: Annotated[list[BulkItem], Field(min_length=1, max_length=1_000)] | None = None
    filter: QueueFilter | None = None
    up_to: Annotated[int, Field(strict=True, ge=0, lt=2**63)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.comments is None) == (self.filter is None):
            raise ValueError("give either comments or a filter")
        if self.up_to is not None and self.filter is None:
            raise ValueError("up_to goes with a filter only")
        return self


class QueueQuery(QueueFilter):
    """Which page of the review queue."""

    order: Literal["score", "oldest", "flagged", "uncertain"] = "score"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: Annotated[str, Field(max_length=200)] | None = None
