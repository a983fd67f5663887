"""Numbers and times in the digits, language and zone of the reader."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import isfinite

from babel.dates import format_timedelta
from babel.numbers import format_decimal
from flask import Flask, g
from flask_babel import format_date, format_datetime, get_locale, gettext
from markupsafe import Markup

from moderation import Action
from service.web.preferences import preferences

# As a decimal separator is written: on Arabic keyboards a comma of either kind stands in for it.
_SEPARATORS = str.maketrans("٫،,", "...")
_ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def locale_of_request() -> str:
    """Return the language of the page."""
    return preferences().language


def add_filters(app: Flask) -> None:
    """Make the functions below known to templates."""
    app.jinja_env.filters.update(
        number=number,
        amount=amount,
        percent=percent,
        score=score,
        typed=typed,
        moment=moment,
        day=day,
        stamp=stamp,
        action=action_text,
        digits=digits,
    )


def digits(text: str) -> str:
    """Return `text` in the digits that the moderator reads."""
    return text.translate(_ARABIC_DIGITS) if preferences().numbering == "arab" else text


def number(value: int) -> str:
    """Return a whole number."""
    return _decimal(value, "#,##0")


def amount(value: float) -> str:
    """Return an estimated number: whole, or with one decimal where it is small."""
    return _decimal(value, "#,##0" if value >= 10 or value == int(value) else "0.0")


def percent(value: float) -> str:
    """Return a share as a whole percentage."""
    sign = "٪" if preferences().numbering == "arab" else "%"
    return _decimal(100 * value, "0") + sign


def threshold(value: float) -> str:
    """Return a cut-off with as many decimals as it has, at most three."""
    return _decimal(value, "0.00#")


def typed(value: float) -> str:
    """Return a number as a field shows it, for `typed_number` to read."""
    return _decimal(value, "0.###")


def typed_number(text: str) -> float:
    """Return the number that somebody typed, in Arabic or Latin digits.

    Raises
    ------
    ValueError
        If it is none.
    """
    # Python reads the digits of any script, but only the Latin decimal point.
    value = float(text.strip().translate(_SEPARATORS))
    if not isfinite(value):
        raise ValueError(text)
    return value


def score(value: float) -> str:
    """Return a score with two decimals."""
    return _decimal(round(value, 2), "0.00")


def _decimal(value: float, pattern: str) -> str:
    # A list has a thousand numbers, all of them for the same reader.
    if "reader" not in g:
        g.reader = (str(get_locale()), preferences().numbering)
    return _formatted(value, pattern, *g.reader)


# A page of a hundred comments shows the same few scores a thousand times.
@lru_cache(maxsize=4_096)
def _formatted(value: float, pattern: str, locale: str, numbering: str) -> str:
    text = format_decimal(value, format=pattern, locale=locale, numbering_system=numbering)
    # Babel 2.18 takes the separators from the numbering system, but not the digits.
    return text.translate(_ARABIC_DIGITS) if numbering == "arab" else text


def moment(value: datetime) -> Markup:
    """Return how long ago something was, with the time of day for whoever points at it."""
    # Rounded down, what is seconds old is a minute old.
    ago = _ago((value - datetime.now(UTC)) // timedelta(minutes=1), str(get_locale()))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        value.isoformat(), digits(format_datetime(value, "medium")), digits(ago)
    )


@lru_cache(maxsize=4_096)
def _ago(minutes: int, locale: str) -> str:
    told: str = format_timedelta(
        timedelta(minutes=minutes), add_direction=True, locale=locale, granularity="minute"
    )
    return told


def stamp(value: datetime) -> Markup:
    """Return date and time of day in the newsroom's zone."""
    told = format_datetime(value, "d MMM y HH:mm:ss")
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), digits(told))


def day(value: datetime) -> str:
    """Return day and month, as short as the language has it."""
    return digits(format_date(value, "d MMM"))


def action_text(action: str) -> str:
    """Return what an action is called, of a comment that it happened to."""
    told: dict[str, str] = {
        Action.APPROVE.value: gettext("published"),
        Action.REVIEW.value: gettext("in review"),
        Action.REJECT.value: gettext("rejected"),
    }
    return told[action]
