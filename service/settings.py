"""Settings: defaults < file < environment < arguments, all checked before anything is served."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from service.errors import SettingsError

PREFIX = "GHIRBAL_"
FILE_VARIABLE = "GHIRBAL_CONFIG_FILE"
# A hundred years: so many days can be taken from any date that a clock shows.
_LONGEST_DAYS = 36_500
_Days = Annotated[int, Field(ge=1, le=_LONGEST_DAYS)] | None


class Settings(BaseModel):
    """Everything that an operator can set.

    Parameters
    ----------
    database_url : str
        ``sqlite:///relative/path``, ``sqlite:////absolute/path`` or ``postgresql://...``.
        A relative path starts at the working directory.
    model_path : Path, optional
        Model folder; the shipped model if not given.
    policy_file : Path, optional
        TOML file of the newsroom's policy; the model's suggested thresholds if not given.
    host, port : str, int
        Where to listen.
    workers : int
        Worker processes.
    max_body_bytes : int
        Largest request body. The default holds 1,000 comments of 20,480 bytes.
    request_timeout_s : float
        How long a request may take to arrive, and then to be answered.
    session_secret : str, optional
        Signs the cookies of moderators; made and kept in a file if not given.
    secure_cookies : bool
        Whether moderators come by HTTPS only.
    time_zone : str
        The newsroom's, as ``Asia/Riyadh``.
    public_url : str, optional
        Address under which clients reach the service, where a proxy stands before it; the
        discovery document names it.
    perspective_keys : str
        ``required``, or ``optional`` to answer Perspective requests without a valid key too.
    coral_secrets : str, optional
        Signing secret of Coral's external moderation phase; several, separated by commas,
        while one rolls.
    rate_limit : str, optional
        How often a key may ask, as ``100/second; 5000/minute``.
    rate_limit_storage : str
        ``memory://`` counts per worker process, ``redis://host:port/0`` for all together.
    webhook_private_addresses : bool
        Whether webhooks may go to addresses of the own network.
    retention_approve_days, retention_review_days, retention_reject_days : int, optional
        Days after which texts and names of comments are removed, by where they stand; at most
        36,500.
    author_id_secret : str, optional
        Ids of readers are kept as hashes made with it; as they come if not given.
    log_format : str
        ``readable`` or ``json``.
    log_level : str
        From ``info`` on, every request is noted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: str = "sqlite:///instance/ghirbal.sqlite3"
    model_path: Path | None = None
    policy_file: Path | None = None
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    max_body_bytes: Annotated[int, Field(ge=1_024)] = 24 * 1_024 * 1_024
    request_timeout_s: Annotated[float, Field(gt=0, le=600)] = 30
    session_secret: Annotated[str, Field(min_length=32)] | None = None
    secure_cookies: bool = False
    time_zone: str = "UTC"

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        # Not available_timezones: it reads them all, and every worker keeps 2 MB of that.
        try:
            ZoneInfo(value)
        except (LookupError, OSError, ValueError):
            raise ValueError("must be the name of a time zone such as Asia/Riyadh") from None
        return value

    public_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] | None = None
    perspective_keys: Literal["required", "optional"] = "required"
    coral_secrets: Annotated[str, Field(min_length=1)] | None = None
    rate_limit: Annotated[str, Field(min_length=1)] | None = None
    rate_limit_storage: Annotated[str, Field(min_length=1)] = "memory://"
    webhook_private_addresses: bool = False
    retention_approve_days: _Days = None
    retention_review_days: _Days = None
    retention_reject_days: _Days = None
    author_id_secret: Annotated[str, Field(min_length=32)] | None = None
    log_format: Literal["readable", "json"] = "readable"
    log_level: Literal["debug", "info", "warning", "error"] = "warning"

    @property
    def signing_secrets(self) -> tuple[str, ...]:
        """The secrets with which Coral may sign."""
        given = (self.coral_secrets or "").split(",")
        return tuple(secret.strip() for secret in given if secret.strip())

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        scheme, separator, rest = value.partition("://")
        if not separator or scheme not in {"sqlite", "postgresql", "postgresql+psycopg"}:
            raise ValueError("must start with sqlite:/// or postgresql://")
        if scheme == "sqlite" and (not rest.startswith("/") or rest[1:] in {"", ":memory:"}):
            # In memory nothing would outlive the process, nor be seen by a second worker.
            raise ValueError(
                "must name a file: sqlite:///relative/path or sqlite:////absolute/path"
            )
        return value


def load_settings(
    arguments: Mapping[str, Any] | None = None,
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Collect the settings of all sources.

    Parameters
    ----------
    arguments : mapping of str to Any, optional
        The strongest source; names in either case, None counts as not given.
    file : Path, optional
        TOML settings file; ``GHIRBAL_CONFIG_FILE`` names it otherwise.
    environment : mapping of str to str, optional
        In place of the environment of the process.

    Raises
    ------
    SettingsError
        Naming the setting, its source and what is expected.
    """
    variables = os.environ if environment is None else environment
    named = file or (Path(variables[FILE_VARIABLE]) if variables.get(FILE_VARIABLE) else None)
    sources = {
        str(named): _read(named) if named else {},
        "the environment": {
            name.removeprefix(PREFIX): value
            for name, value in variables.items()
            if name.startswith(PREFIX) and name != FILE_VARIABLE
        },
        "the arguments": {
            name: value for name, value in (arguments or {}).items() if value is not None
        },
    }
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, source in sources.items():
        for name, value in source.items():
            spelled = f"{PREFIX}{name}" if origin == "the environment" else name
            _check_known(name, spelled, origin)
            values[name.lower()] = value
            origins[name.lower()] = f"{spelled} in {origin}"
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError(_describe(error, origins)) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"settings file {path} cannot be read: {error.strerror or error}"
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"settings file {path} is not TOML: {error}") from error


def _check_known(name: str, spelled: str, origin: str) -> None:
    if name.lower() not in Settings.model_fields:
        known = ", ".join(Settings.model_fields)
        raise SettingsError(f"unknown setting {spelled} in {origin}; known settings: {known}")


def _describe(error: ValidationError, origins: Mapping[str, str]) -> str:
    problems = [
        f"{origins[str(problem['loc'][0])]}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors(include_url=False, include_input=False)
    ]
    return "settings cannot be used: " + "; ".join(problems)
