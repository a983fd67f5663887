"""The second factor of an account: a code that an app makes anew every half minute (RFC 6238)."""

import time
import unicodedata
from datetime import UTC, datetime

import pyotp
from sqlalchemy import Connection, Engine, or_, select, update

from service.audit import note
from service.database import writing
from service.errors import ModeratorError
from service.moderators import Person, change, count_failure, find_person, forget_failures
from service.tables import Moderator

ISSUER = "Ghirbal"
_INTERVAL_S = 30
# Clocks of telephones may be off by this many intervals, in either direction.
_DRIFT = 1


def new_secret() -> str:
    """Return a secret for an app to make codes from."""
    return pyotp.random_base32()


def address_of(secret: str, name: str) -> str:
    """Return the address that an app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def fits(secret: str, code: str) -> bool:
    """Return whether a code is one that an app with this secret shows now."""
    return _step_of(secret, code) is not None


def _step_of(secret: str, code: str) -> int | None:
    """Return the interval to which a code belongs, None if that is not now."""
    totp = pyotp.TOTP(secret, interval=_INTERVAL_S)
    # In whatever digits the keyboard has.
    typed = "".join(str(unicodedata.decimal(each, each)) for each in code if not each.isspace())
    now = int(time.time()) // _INTERVAL_S
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        if pyotp.utils.strings_equal(typed, totp.at(step * _INTERVAL_S)):
            return step
    return None


def switch_on(connection: Connection, person: Person, secret: str) -> None:
    """Ask for codes of this secret from now on; other sessions of the account end."""
    change(
        connection,
        person.name,
        totp_secret=secret,
        totp_step=None,
        password_version=Moderator.password_version + 1,
    )
    note(connection, "second factor on", person.name, moderator_id=person.id)


def switch_off(connection: Connection, name: str, *, moderator_id: int | None = None) -> None:
    """Ask for the password alone from now on; open sessions of the account end.

    Raises
    ------
    ModeratorError
        If there is no such account, or it has no second factor.
    """
    has = select(Moderator.totp_secret).where(Moderator.name == name)
    if connection.scalar(has) is None:
        raise ModeratorError(f"no moderator named {name!r} has a second factor")
    change(
        connection,
        name,
        totp_secret=None,
        totp_step=None,
        password_version=Moderator.password_version + 1,
    )
    note(connection, "second factor off", name, moderator_id=moderator_id)


def check_code(engine: Engine, person_id: int, password_version: int, code: str) -> Person | None:
    """Return the moderator if the code fits, was not used yet and the account may be used now.

    Wrong codes count as wrong passwords do.
    """
    now = datetime.now(UTC)
    row_of = select(Moderator.totp_secret, Moderator.locked_until).where(Moderator.id == person_id)
    with writing(engine) as connection:
        person = find_person(connection, person_id, password_version)
        row = connection.execute(row_of).one_or_none()
        if person is None or row is None or (row.locked_until or now) > now:
            return None
        step = None if row.totp_secret is None else _step_of(row.totp_secret, code)
        if step is None or not _use(connection, person_id, step):
            count_failure(connection, person_id, now)
            return None
        forget_failures(connection, person_id)
        return person


def _use(connection: Connection, person_id: int, step: int) -> bool:
    """Take a code out of use; False if it was used: somebody may have looked on."""
    unused = or_(Moderator.totp_step.is_(None), Moderator.totp_step < step)
    of_person = update(Moderator).where(Moderator.id == person_id, unused)
    return connection.execute(of_person.values(totp_step=step)).rowcount == 1
