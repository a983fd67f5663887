"""The secret that signs the cookies of sessions; there is no default one."""

import os
import secrets
from pathlib import Path

from sqlalchemy.engine import make_url

from service.errors import KeyFileError
from service.settings import Settings

_FILE = "session-secret"
_BYTES = 32


def session_secret(settings: Settings) -> str:
    """Return the secret of the settings, else the one kept in a file, which is made if absent.

    The file lies beside a SQLite database, else in ``instance/``, and only its owner reads it.

    Raises
    ------
    KeyFileError
        If the file cannot be read or written, or is not one that this function made.
    """
    if settings.session_secret is not None:
        return settings.session_secret
    url = make_url(settings.database_url)
    sqlite = url.get_backend_name() == "sqlite"
    path = (Path(str(url.database)).parent if sqlite else Path("instance")) / _FILE
    try:
        return _kept(path) or _made(path)
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(
            f"the file of the session secret {path} cannot be used: {error}"
        ) from error


def _kept(path: Path) -> str | None:
    if not path.exists():
        return None
    secret = path.read_text(encoding="ascii").strip()
    if len(secret) < _BYTES:
        raise KeyFileError(f"{path} does not hold a session secret: remove it, a new one is made")
    return secret


def _made(path: Path) -> str:
    secret = secrets.token_urlsafe(_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and linked, so that two processes starting at once agree on one, whole file.
    aside = path.with_name(f"{_FILE}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - needs the mode
        file.write(f"{secret}\n")
    try:
        os.link(aside, path)
    except FileExistsError:
        return _kept(path) or secret
    finally:
        aside.unlink()
    return secret
