"""How a moderator wants the pages to be; kept with the account, before signing in in the cookie."""

from typing import Any, Literal

from flask import g, session
from pydantic import BaseModel, ConfigDict, ValidationError

KEPT = "preferences"


class Preferences(BaseModel):
    """The choices, each with its default."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    language: Literal["ar", "en"] = "ar"
    digits: Literal["arab", "latn"] = "arab"
    theme: Literal["auto", "light", "dark"] = "auto"
    keys: bool = True
    blur: bool = False

    @property
    def direction(self) -> str:
        """The direction in which the language is written."""
        return "rtl" if self.language == "ar" else "ltr"

    @property
    def numbering(self) -> str:
        """The digits in use: English always has its own."""
        return self.digits if self.language == "ar" else "latn"


def preferences() -> Preferences:
    """Return the choices of whoever sent the request."""
    if KEPT not in g:
        person = g.get("person")
        g.preferences = read((person and person.preferences) or session.get(KEPT, {}))
    kept: Preferences = g.preferences
    return kept


def read(document: Any) -> Preferences:  # noqa: ANN401 - whatever a cookie or a form holds
    """Return the choices in `document`; the defaults if it makes no sense."""
    try:
        return Preferences.model_validate(document)
    except ValidationError:
        return Preferences()
