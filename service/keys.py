"""API keys: made here, shown once, kept only as a digest."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from service.audit import note
from service.errors import KeyNameError
from service.tables import DEFAULT_SITE, ApiKey, Site

MARK = "ghirbal"
_ABSENT = "0" * 64
_BY_PREFIX = select(ApiKey.id, ApiKey.name, ApiKey.digest, ApiKey.scopes, ApiKey.site_id).where(
    ApiKey.prefix == bindparam("prefix"), ApiKey.revoked_at.is_(None)
)


class Scope(StrEnum):
    """What a key may do."""

    SCORE = "score"
    INGEST = "ingest"
    READ = "read"
    DECIDE = "decide"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Caller:
    """The key behind a request."""

    key_id: int
    name: str
    scopes: frozenset[str]
    site_id: int = DEFAULT_SITE


def _digest(secret: str) -> str:
    # A plain hash is enough: the secret has 256 random bits, which no list of likely passwords
    # holds, and a slow password hash would cost every request what it costs an attacker.
    return sha256(secret.encode()).hexdigest()


def add_key(
    connection: Connection,
    name: str,
    scopes: Sequence[Scope],
    *,
    site_id: int = DEFAULT_SITE,
    moderator_id: int | None = None,
) -> str:
    """Store a new key of a site and return it; it cannot be shown again.

    Raises
    ------
    KeyNameError
        If the name is in use, also by a revoked key: decisions go on naming it.
    """
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    try:
        connection.execute(
            insert(ApiKey).values(
                name=name,
                site_id=site_id,
                prefix=prefix,
                digest=_digest(secret),
                scopes=sorted(set(scopes)),
                created_at=datetime.now(UTC),
            )
        )
    except IntegrityError as error:
        raise KeyNameError(f"there is a key named {name!r} already: choose another name") from error
    subject = f"{name}: {', '.join(sorted(set(scopes)))}"
    note(connection, "key added", subject, moderator_id=moderator_id)
    return f"{MARK}_{prefix}_{secret}"


def find_caller(connection: Connection, key: str) -> Caller | None:
    """Return who sent `key`, None if it is unknown or revoked."""
    mark, _, rest = key.partition("_")
    prefix, _, secret = rest.partition("_")
    if mark != MARK or not key.isascii():
        return None
    row = connection.execute(_BY_PREFIX, {"prefix": prefix}).one_or_none()
    matches = hmac.compare_digest(_digest(secret), row.digest if row else _ABSENT)
    if row is None or not matches:
        return None
    return Caller(row.id, row.name, frozenset(row.scopes), row.site_id)


def list_keys(connection: Connection) -> Sequence[RowMapping]:
    """Return name, site, scopes and times of all keys, oldest first."""
    query = select(
        ApiKey.name,
        Site.name.label("site"),
        ApiKey.scopes,
        ApiKey.created_at,
        ApiKey.revoked_at,
    ).join(Site, Site.id == ApiKey.site_id)
    return connection.execute(query.order_by(ApiKey.id)).mappings().all()


def revoke_key(connection: Connection, name: str, *, moderator_id: int | None = None) -> None:
    """Take a key out of use at once.

    Raises
    ------
    KeyNameError
        If no key in use has this name.
    """
    revoked = connection.execute(
        update(ApiKey)
        .where(ApiKey.name == name, ApiKey.revoked_at.is_(None))
        .values(revoked_at=datetime.now(UTC))
    )
    if not revoked.rowcount:
        raise KeyNameError(f"no key in use is named {name!r}: see `ghirbal keys list`")
    note(connection, "key revoked", name, moderator_id=moderator_id)
