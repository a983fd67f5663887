"""What `data/sources.toml` says about the corpora; reads facts, never the texts."""

import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from moderation.errors import ModerationError

SOURCES_PATH = Path(__file__).parents[1] / "data" / "sources.toml"

_Text = Annotated[str, StringConstraints(min_length=1)]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]*$")]
_Repository = Annotated[str, StringConstraints(pattern=r"^[\w-][\w.-]*/[\w-][\w.-]*$")]
_Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Attribute = Literal["abusive", "severe", "insult", "obscene", "identity_hate", "threat"]
_Size = Annotated[int, Field(strict=True, gt=0)]


class SourcesError(ModerationError):
    """The list of corpora is missing or says something impossible."""


class Original(BaseModel):
    """One file as its authors published it.

    Attributes
    ----------
    repository : str
        ``owner/name`` on GitHub.
    commit : str
        40 hexadecimal digits, so that the file cannot change under us.
    path : str
        Path in the repository, with ``/``.
    size_bytes : int
        Size of the whole file.
    sha256 : str
        64 hexadecimal digits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: _Repository
    commit: _Commit
    path: _Text
    size_bytes: _Size
    sha256: _Sha256

    @field_validator("path")
    @classmethod
    def _stays_in_its_folder(cls, path: str) -> str:
        # The path is also used below a folder on this machine.
        parts = PurePosixPath(path).parts
        if path.startswith("/") or ".." in parts or re.search(r"[\\\x00-\x1f]|^\w:", path):
            raise ValueError("must be a relative path without '..', drive or backslash")
        return path

    def url(self, base_url: str) -> str:
        """Return the address of the file below `base_url`."""
        return f"{base_url.rstrip('/')}/{self.repository}/{self.commit}/{quote(self.path)}"


class Rule(BaseModel):
    """Which rows of a corpus say something about which attributes.

    Attributes
    ----------
    attributes : tuple of str
        The attributes that the rows speak of.
    applies : bool
        Whether the rows show the attributes or their absence.
    weight : float
        How much a row counts in fitting, in (0, 10].
    label, category : str, optional
        Regular expressions for the whole of the corpus's own label and of the finer category;
        every row matches where both are missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    attributes: Annotated[tuple[_Attribute, ...], Field(min_length=1)]
    applies: StrictBool
    weight: Annotated[float, Field(gt=0, le=10)]
    label: re.Pattern[str] | None = None
    category: re.Pattern[str] | None = None

    def matches(self, label: str, category: str) -> bool:
        """Tell whether a row with this label and category is meant."""
        return (self.label is None or self.label.fullmatch(label) is not None) and (
            self.category is None or self.category.fullmatch(category) is not None
        )


class Corpus(BaseModel):
    """One corpus; the keys are explained at the top of `data/sources.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Name
    citation: _Text
    platform: _Text
    dialect: _Text
    licence: _Text
    licence_clear: StrictBool
    labelled: StrictBool
    mapping: _Text
    quality: _Text
    recommended_use: _Text
    files: Annotated[tuple[Original, ...], Field(min_length=1)]
    measures: _Attribute | None = None
    domain: _Name | None = None
    evidence: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _paths_differ(self) -> Self:
        paths = [file.path for file in self.files]
        twice = sorted({path for path in paths if paths.count(path) > 1})
        if twice:
            raise ValueError(f"files must have different paths, {twice[0]} is there twice")
        return self


def load_sources(path: Path = SOURCES_PATH) -> tuple[Corpus, ...]:
    """Read and check the list of corpora.

    Parameters
    ----------
    path : Path
        A TOML file like `data/sources.toml`.

    Returns
    -------
    tuple of Corpus
        In the order of the file, with different names.

    Raises
    ------
    SourcesError
        If the file cannot be read, is not TOML, or a value is missing or wrong; the message names
        the file, the corpus and the key.
    """
    tables = _read_tables(path)
    corpora = tuple(_parse(table, where=_where(path, table, n)) for n, table in enumerate(tables))
    names = [corpus.name for corpus in corpora]
    for name in names:
        if names.count(name) > 1:
            raise SourcesError(f"{path}: corpus {name}: name: is there twice, rename or remove one")
    return corpora


def _read_tables(path: Path) -> list[object]:
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except FileNotFoundError:
        raise SourcesError(f"{path} does not exist: run from a clone or name the file") from None
    except OSError as error:
        raise SourcesError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourcesError(f"{path} is not TOML: {error}") from error
    tables = content.pop("corpus", None)
    if content or not isinstance(tables, list) or not tables:
        raise SourcesError(f"{path}: expected one or more [[corpus]] tables and nothing else")
    return tables


def _where(path: Path, table: object, position: int) -> str:
    name = table.get("name") if isinstance(table, dict) else None
    return f"{path}: corpus {name if isinstance(name, str) else f'number {position + 1}'}"


def _parse(table: object, *, where: str) -> Corpus:
    try:
        return Corpus.model_validate(table)
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False):
            key = ".".join(str(part) for part in problem["loc"])
            lines.append(": ".join(filter(None, (where, key, problem["msg"]))))
        raise SourcesError("\n".join(lines)) from None
