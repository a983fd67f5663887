"""A key for trying the service out on one's own machine, kept in a file."""

import os
import secrets
from pathlib import Path

from sqlalchemy import Engine

from service.database import reported, writing
from service.errors import KeyFileError
from service.keys import MARK, Scope, add_key, find_caller

_SCOPES = (Scope.SCORE, Scope.INGEST, Scope.READ, Scope.DECIDE)


def ensure_demo_key(engine: Engine, path: Path) -> None:
    """Make sure that the file at `path` holds a key that works, readable by its owner only.

    Raises
    ------
    KeyFileError
        If the file cannot be read or written, or holds something that is not a key.
    """
    try:
        kept = path.read_text(encoding="utf-8").strip() if path.exists() else ""
        if kept and not kept.startswith(f"{MARK}_"):
            raise KeyFileError(f"{path} does not hold a key: give another file, or remove it")
        with reported(), writing(engine) as connection:
            if kept and find_caller(connection, kept) is not None:
                return
            key = add_key(connection, f"demo-{secrets.token_hex(4)}", _SCOPES)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - needs the mode
            os.fchmod(descriptor, 0o600)
            file.write(f"{key}\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"the key file {path} cannot be used: {error}") from error
