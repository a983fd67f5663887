"""What comments:analyze answers: which attributes can be scored, their scores and spans."""

from typing import Any

from service.body import printable
from service.judge import Judge
from service.languages import detect
from service.perspective_errors import PerspectiveError, invalid_request
from service.perspective_schema import (
    ATTRIBUTE_OF,
    ENGLISH_ONLY,
    AnalyzeRequest,
    SuggestRequest,
    TextEntry,
    plain_name,
)
from service.schema import COMMENT_LIMIT_BYTES
from service.sentences import Range, sentences, utf16_length, utf16_ranges

_SCORED = {"SCORE_TYPE_UNSPECIFIED", "PROBABILITY"}


def analysis_of(wanted: AnalyzeRequest, judge: Judge) -> dict[str, Any]:
    """Return the answer to a request.

    Raises
    ------
    PerspectiveError
        If the text or an attribute cannot be scored.
    """
    text = text_of(wanted.comment)
    check_context(wanted)
    detected = detect(text)
    attributes = _attributes(wanted, detected)
    scores = _attribute_scores(wanted, text, attributes, judge=judge)
    answer: dict[str, Any] = {"attributeScores": scores} if scores else {}
    answer |= {"languages": wanted.languages or detected, "detectedLanguages": detected}
    if wanted.client_token is not None:
        answer["clientToken"] = wanted.client_token
    return answer


def text_of(comment: TextEntry) -> str:
    """Return the text of a comment that can be scored."""
    if comment.type not in {"PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED"}:
        known = comment.type == "HTML"
        raise invalid_request(
            "Currently, only 'PLAIN_TEXT' comments are supported" if known else "Unknown text type"
        )
    if not comment.text.strip():
        raise PerspectiveError("COMMENT_EMPTY", "Comment must be non-empty.")
    if len(comment.text.encode()) > COMMENT_LIMIT_BYTES:
        raise PerspectiveError("COMMENT_TOO_LONG", "Comment text too long.")
    return comment.text


def check_context(message: AnalyzeRequest | SuggestRequest) -> None:
    """Refuse a context that says what it is in two ways."""
    context = message.context
    if context and context.entries and context.article_and_parent_comment:
        raise invalid_request(
            "Context can have either entries or article_and_parent_comment, "
            "but both fields were populated."
        )


def known_attribute(attribute: str) -> str:
    """Return the plain name of an attribute; refuse one that nobody ever had."""
    plain = plain_name(attribute)
    if plain not in ATTRIBUTE_OF and plain not in ENGLISH_ONLY:
        raise invalid_request(f"Unknown requested attribute: {printable(attribute)}")
    return plain


def _attributes(wanted: AnalyzeRequest, detected: list[str]) -> dict[str, str]:
    """Return the name here of each attribute that is wanted and can be scored."""
    if not wanted.requested_attributes:
        raise PerspectiveError("NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes")
    attributes, english = {}, []
    for name, parameters in wanted.requested_attributes.items():
        plain = known_attribute(name)
        if parameters.score_type not in _SCORED:
            raise invalid_request(
                f"Requested score type {parameters.score_type} is not supported by attribute {name}"
            )
        if plain in ATTRIBUTE_OF:
            attributes[name] = ATTRIBUTE_OF[plain]
        else:
            english.append(name)
    # Old clients ask for all attributes and call every text English: they get those there are.
    tolerated = wanted.drop_unsupported_attributes or (attributes and "en" in wanted.languages)
    if english and not tolerated:
        raise _not_in(wanted.languages, detected, attribute=english[0])
    return attributes


def _not_in(requested: list[str], detected: list[str], *, attribute: str) -> PerspectiveError:
    languages = ", ".join(printable(language) for language in requested or detected)
    return PerspectiveError(
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
        f"Attribute {attribute} does not support request languages: {languages}",
        details={
            "languageNotSupportedByAttributeError": {
                "detectedLanguages": detected,
                "requestedLanguages": requested,
                "attribute": attribute,
            }
        },
    )


def _attribute_scores(
    wanted: AnalyzeRequest, text: str, attributes: dict[str, str], *, judge: Judge
) -> dict[str, Any]:
    parts = sentences(text) if wanted.span_annotations else []
    if len(parts) == 1:
        parts = []
    # The whole comes first: many clients read the first span without having asked for spans.
    (judgement,) = judge.judge([text], spans=False)
    scored = [judgement.score]
    if parts:
        scored += judge.scorer.score([text[start:end] for start, end in parts], spans=False)
    ranges = [(0, utf16_length(text)), *utf16_ranges(text, parts)]
    thresholds = wanted.requested_attributes
    return {
        name: _of_attribute(ranges, [each.scores[attribute] for each in scored])
        for name, attribute in attributes.items()
        if judgement.scores[attribute] >= thresholds[name].score_threshold
    }


def _of_attribute(ranges: list[Range], values: list[float]) -> dict[str, Any]:
    found = [{"value": value, "type": "PROBABILITY"} for value in values]
    spans = [
        {"begin": begin, "end": end, "score": score}
        for (begin, end), score in zip(ranges, found, strict=True)
    ]
    return {"spanScores": spans, "summaryScore": found[0]}
