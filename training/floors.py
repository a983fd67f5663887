"""Floors: the figures under which a model must not fall, stored beside it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from moderation import ModerationError
from training.figures import FIGURES, HIGHER, Figure

FLOORS: Final = "floors.toml"
_KNOWN: Final = {figure.name: figure for figure in FIGURES}
_Bound = Annotated[float, Field(allow_inf_nan=False)]


class FloorsError(ModerationError):
    """A file of floors cannot be used as it is."""


class Floor(BaseModel):
    """The worst value that a figure may have; only the side of its direction is set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_least: _Bound | None = None
    at_most: _Bound | None = None

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("needs one of at_least and at_most")
        return self

    def bound(self) -> float:
        """Return the value."""
        bound = self.at_most if self.at_least is None else self.at_least
        return float(bound or 0)


def read_floors(path: Path) -> dict[str, Floor]:
    """Read floors by the name of their figure.

    Raises
    ------
    FloorsError
        If the file is missing, is not TOML, or names a figure that is unknown or faces the other
        way.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        floors = TypeAdapter(dict[str, Floor]).validate_python(tables)
    except FileNotFoundError:
        raise FloorsError(f"{path} is missing: write it with `ghirbal-train floors`") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FloorsError(f"{path} cannot be read: {error}") from error
    except ValidationError as error:
        [problem, *_] = error.errors(include_url=False)
        where = ".".join(map(str, problem["loc"]))
        raise FloorsError(f"{path}: {where}: {problem['msg']}") from None
    for name, floor in floors.items():
        if name not in _KNOWN:
            raise FloorsError(f"{path}: {name} is no figure that is measured")
        if (floor.at_least is not None) != (_KNOWN[name].better == HIGHER):
            raise FloorsError(f"{path}: {name} needs {_KNOWN[name].better}")
    return floors


def below(summary: Mapping[str, float], floors: Mapping[str, Floor]) -> list[str]:
    """Return one line for each figure that is worse than its floor."""
    return [
        f"{name} is {summary[name]:g}, worse than its floor {floor.bound():g}"
        for name, floor in floors.items()
        if name in summary and not _KNOWN[name].holds(summary[name], floor.bound())
    ]


def write_floors(path: Path, summary: Mapping[str, float], *, margin: float) -> None:
    """Write the figures of a model as its floors, each worse by a margin.

    Parameters
    ----------
    path : Path
        File to write.
    summary : mapping of str to float
        Figures by name.
    margin : float
        In shares; a figure in percentage points gets 100 times as much.
    """
    lines = [
        f"# Figures of this model, each {margin:g} worse ({100 * margin:g} for points). Where one",
        "# is worse than that, `ghirbal-train evaluate` ends with an error. Written by",
        "# `ghirbal-train floors`.",
        *(_line(_KNOWN[name], value, margin) for name, value in summary.items()),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _line(figure: Figure, value: float, margin: float) -> str:
    step = margin * figure.unit
    bound = value - step if figure.better == HIGHER else value + step
    return f"{figure.name} = {{ {figure.better} = {round(bound, 4):g} }}"
