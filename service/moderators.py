"""The accounts of moderators: passwords are kept as Argon2 hashes only."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import Connection, Engine, RowMapping, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from service.audit import note
from service.database import writing
from service.errors import ModeratorError
from service.tables import Moderator

PASSWORD_MIN = 10
PASSWORD_MAX = 1_000
FAILURES_BEFORE_LOCK = 5
LOCK_TIME = timedelta(minutes=15)
_hasher = PasswordHasher()


class Role(StrEnum):
    """What a moderator may do; each may do all that those before it may."""

    MODERATOR = "moderator"
    LEAD = "lead"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Return whether this role may do what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Person:
    """The moderator behind a request."""

    id: int
    name: str
    display_name: str
    role: Role
    password_version: int
    preferences: Mapping[str, Any]
    second_factor: bool = False


_PERSON = select(
    Moderator.id,
    Moderator.name,
    Moderator.display_name,
    Moderator.role,
    Moderator.password_version,
    Moderator.preferences,
    Moderator.totp_secret.is_not(None).label("second_factor"),
)


def new_password() -> str:
    """Return a password that nobody guesses and everybody can type."""
    return secrets.token_urlsafe(12)


def add_moderator(
    connection: Connection,
    name: str,
    *,
    role: Role,
    password: str,
    display_name: str | None = None,
    moderator_id: int | None = None,
) -> None:
    """Store a new account.

    Raises
    ------
    ModeratorError
        If the name is taken, or the password is too short or too long.
    """
    try:
        connection.execute(
            insert(Moderator).values(
                name=name,
                display_name=display_name or name,
                role=role.value,
                password_hash=_hash(password),
                password_version=1,
                active=True,
                failed_sign_ins=0,
                preferences={},
                created_at=datetime.now(UTC),
            )
        )
    except IntegrityError as error:
        raise ModeratorError(
            f"there is a moderator named {name!r} already: choose another name"
        ) from error
    note(connection, "account added", f"{name}: {role.value}", moderator_id=moderator_id)


def set_password(
    connection: Connection, name: str, password: str, *, moderator_id: int | None = None
) -> None:
    """Give an account a new password; it is unlocked, and its open sessions end.

    Raises
    ------
    ModeratorError
        If there is no such account, or the password is too short or too long.
    """
    change(
        connection,
        name,
        password_hash=_hash(password),
        password_version=Moderator.password_version + 1,
        failed_sign_ins=0,
        locked_until=None,
    )
    note(connection, "password set", name, moderator_id=moderator_id)


def deactivate(connection: Connection, name: str, *, moderator_id: int | None = None) -> None:
    """Put an account out of use at once; its decisions go on naming it.

    Raises
    ------
    ModeratorError
        If there is no such account.
    """
    change(connection, name, active=False)
    note(connection, "account put out of use", name, moderator_id=moderator_id)


def list_moderators(connection: Connection) -> Sequence[RowMapping]:
    """Return name, display name, role, state, second factor and age of all accounts."""
    query = select(
        Moderator.name,
        Moderator.display_name,
        Moderator.role,
        Moderator.active,
        Moderator.totp_secret.is_not(None).label("second_factor"),
        Moderator.created_at,
    )
    return connection.execute(query.order_by(Moderator.id)).mappings().all()


def any_moderator(connection: Connection) -> bool:
    """Return whether there is an account at all."""
    return connection.scalar(select(func.count()).select_from(Moderator)) != 0


def find_person(connection: Connection, person_id: int, password_version: int) -> Person | None:
    """Return who is signed in; None once the account is out of use or its password changed."""
    row = connection.execute(
        _PERSON.where(
            Moderator.id == person_id,
            Moderator.active,
            Moderator.password_version == password_version,
        )
    ).one_or_none()
    return None if row is None else _person(row._mapping)


def save_preferences(
    connection: Connection, person_id: int, preferences: Mapping[str, Any]
) -> None:
    """Keep how a moderator wants the pages to be."""
    connection.execute(
        update(Moderator).where(Moderator.id == person_id).values(preferences=dict(preferences))
    )


def sign_in(engine: Engine, name: str, password: str) -> Person | None:
    """Return the moderator if name and password fit and the account may be used now.

    One who has a second factor is not in yet: see `service.second_factor.check_code`. After
    `FAILURES_BEFORE_LOCK` wrong passwords in a row nobody gets in for `LOCK_TIME`.
    """
    now = datetime.now(UTC)
    query = select(
        *_PERSON.selected_columns,
        Moderator.password_hash,
        Moderator.active,
        Moderator.locked_until,
    ).where(Moderator.name == name)
    with engine.connect() as connection:
        row = connection.execute(query).mappings().one_or_none()
    # Always one verification, so that the time does not tell which names exist. Outside of a
    # transaction: it takes long on purpose.
    fits = _verify(row["password_hash"] if row else _no_hash(), password)
    if row is None or not row["active"] or (row["locked_until"] or now) > now:
        return None
    with writing(engine) as connection:
        if not fits:
            count_failure(connection, row["id"], now)
            return None
        # Else whoever knows the password could try codes without end.
        if not row["second_factor"]:
            forget_failures(connection, row["id"])
    return _person(row)


def count_failure(connection: Connection, person_id: int, now: datetime) -> None:
    """Note a failed attempt to sign in; too many in a row lock the account for a while."""
    of_person = update(Moderator).where(Moderator.id == person_id)
    connection.execute(of_person.values(failed_sign_ins=Moderator.failed_sign_ins + 1))
    connection.execute(
        of_person.where(Moderator.failed_sign_ins >= FAILURES_BEFORE_LOCK).values(
            failed_sign_ins=0, locked_until=now + LOCK_TIME
        )
    )


def forget_failures(connection: Connection, person_id: int) -> None:
    """Note that somebody got in."""
    of_person = update(Moderator).where(Moderator.id == person_id)
    connection.execute(of_person.values(failed_sign_ins=0, locked_until=None))


def _person(row: RowMapping) -> Person:
    return Person(
        row["id"],
        row["name"],
        row["display_name"],
        Role(row["role"]),
        row["password_version"],
        row["preferences"],
        bool(row["second_factor"]),
    )


def change(connection: Connection, name: str, **values: object) -> None:
    """Write columns of an account.

    Raises
    ------
    ModeratorError
        If there is no such account.
    """
    changed = connection.execute(update(Moderator).where(Moderator.name == name).values(**values))
    if not changed.rowcount:
        raise ModeratorError(f"no moderator is named {name!r}: see `ghirbal moderators list`")


def _hash(password: str) -> str:
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise ModeratorError(
            f"a password needs {PASSWORD_MIN} to {PASSWORD_MAX} characters, "
            f"this has {len(password)}"
        )
    return _hasher.hash(password)


@cache
def _no_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(12))


def _verify(hashed: str, password: str) -> bool:
    try:
        # Cut, so that nobody makes us hash a megabyte; no kept password is that long.
        return _hasher.verify(hashed, password[: PASSWORD_MAX + 1])
    except VerifyMismatchError:
        return False
