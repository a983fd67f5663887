"""What requests of the Perspective format may say, and which attributes there are."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from service.schema import MendedString, Note, StorableString, UnicodeString

ATTRIBUTE_OF = {
    "TOXICITY": "abusive",
    "SEVERE_TOXICITY": "severe",
    "IDENTITY_ATTACK": "identity_hate",
    "INSULT": "insult",
    "PROFANITY": "obscene",
    "THREAT": "threat",
}
"""The production attributes, and what they are called here."""

ENGLISH_ONLY = frozenset(
    {
        "ATTACK_ON_AUTHOR",
        "ATTACK_ON_COMMENTER",
        "FLIRTATION",
        "INCOHERENT",
        "INFLAMMATORY",
        "LIKELY_TO_REJECT",
        "OBSCENE",
        "SEXUALLY_EXPLICIT",
        "SPAM",
        "UNSUBSTANTIAL",
    }
)
CONTEXT_LIMIT_BYTES = 1_048_576
_DECIMAL = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_VARIANT = re.compile(r"(?:_EXPERIMENTAL|_FAST)?(?:@[0-9]{1,9})?\Z")


def _number_in_quotes(value: object) -> object:
    # Google's JSON takes numbers in quotes too, as languages without a type for them write them.
    return float(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else value


ScoreType = Literal["SCORE_TYPE_UNSPECIFIED", "PROBABILITY", "STD_DEV_SCORE", "PERCENTILE", "RAW"]
Number = Annotated[float, Field(allow_inf_nan=False), BeforeValidator(_number_in_quotes)]


def plain_name(attribute: str) -> str:
    """Return the attribute behind a deprecated, experimental or versioned name."""
    return _VARIANT.sub("", attribute, count=1)


def _nothing_as_empty(value: object) -> object:
    return {} if value is None else value


def _bounded(text: str) -> str:
    if len(text.encode()) > CONTEXT_LIMIT_BYTES:
        raise ValueError(f"must not exceed {CONTEXT_LIMIT_BYTES} bytes")
    return text


class _Message(BaseModel):
    # Names that are not known are passed over: clients send more than was ever documented. As in
    # all of Google's APIs, names may be spelled in either case, and null is the same as nothing.
    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        frozen=True,
        strict=True,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: object) -> object:
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if value is not None}
        return data


class TextEntry(_Message):
    """A text and its kind."""

    text: MendedString = ""
    type: UnicodeString = "PLAIN_TEXT"


class ContextEntry(_Message):
    """A text that surrounds the comment; it is accepted, and scores do not depend on it."""

    text: Annotated[MendedString, AfterValidator(_bounded)] = ""
    type: UnicodeString = "PLAIN_TEXT"


class ArticleAndParent(_Message):
    """What the comment answers."""

    article: ContextEntry | None = None
    parent_comment: ContextEntry | None = None


class Context(_Message):
    """What surrounds the comment, in one of two ways."""

    entries: list[ContextEntry] = []
    article_and_parent_comment: ArticleAndParent | None = None


class AttributeParameters(_Message):
    """How an attribute is wanted."""

    score_type: ScoreType = "PROBABILITY"
    score_threshold: Number = 0.0


class Score(_Message):
    """A probability; one that is left out is 0, as in all of Google's APIs."""

    value: Annotated[Number, Field(ge=0, le=1)] = 0.0
    type: ScoreType = "PROBABILITY"


class SpanScore(_Message):
    """The score of a part of the text, in UTF-16 code units."""

    begin: Annotated[int, Field(ge=0, lt=2**31)] = 0
    end: Annotated[int, Field(ge=0, lt=2**31)] = 0
    score: Score = Score()


class AttributeScores(_Message):
    """The scores of one attribute."""

    summary_score: Score | None = None
    span_scores: list[SpanScore] = []


class _Request(_Message):
    comment: TextEntry = TextEntry()
    context: Context | None = None
    languages: list[Annotated[StorableString, Field(max_length=100)]] = []
    do_not_store: bool = False
    client_token: Note | None = None
    session_id: Note | None = None
    community_id: Note | None = None


class AnalyzeRequest(_Request):
    """A text to score."""

    requested_attributes: dict[
        UnicodeString, Annotated[AttributeParameters, BeforeValidator(_nothing_as_empty)]
    ] = {}
    span_annotations: bool = False
    drop_unsupported_attributes: bool = False


class SuggestRequest(_Request):
    """The scores that a text ought to have."""

    attribute_scores: dict[
        StorableString, Annotated[AttributeScores, BeforeValidator(_nothing_as_empty)]
    ] = {}

    def stored(self) -> dict[str, Any]:
        """Return the columns of the feedback that this is."""
        dump = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
        return {
            "text": self.comment.text,
            "scores": dump["attributeScores"],
            "context": dump.get("context"),
            "languages": self.languages,
            "community_id": self.community_id,
            "client_token": self.client_token,
            "session_id": self.session_id,
        }
