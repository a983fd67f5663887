"""Floors: the figures under which a model must not fall, stored beside it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from moderation import ModerationError
from training.figures import FIGURES, HIGHER

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

    A stricter floor that the file has already, of a model before, stays if this model keeps it.

    Parameters
    ----------
    path : Path
        File to write.
    summary : mapping of str to float
        Figures by name.
    margin : float
        In shares; a figure in percentage points gets 100 times as much.

    Raises
    ------
    FloorsError
        If there is such a file already and it cannot be read.
    """
    before = read_floors(path) if path.is_file() else {}
    lines = [
        f"# Figures of this model, each {margin:g} worse ({100 * margin:g} for points), or",
        "# stricter floors of a model before it. Where a figure is worse than that,",
        "# `ghirbal-train evaluate` ends with an error. Written by `ghirbal-train floors`.",
    ]
    for name, value in summary.items():
        figure = _KNOWN[name]
        step = margin * figure.unit
        bound = round(value - step if figure.better == HIGHER else value + step, 4)
        if name in before and figure.holds(value, before[name].bound()):
            strictest = max if figure.better == HIGHER else min
            bound = strictest(bound, before[name].bound())
        lines.append(f"{name} = {{ {figure.better} = {bound:g} }}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
