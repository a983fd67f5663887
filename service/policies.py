"""The newsroom's policies in the database: every version stays, one is in force."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, func, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from service.audit import note as note_audit
from service.judge import Judge
from service.newsroom_errors import PolicyVersionError
from service.rules import parse_policy, to_document
from service.tables import Moderator, PolicyUse, StoredPolicy

_REFRESH_S = 1.0
_NEWEST_USE = select(func.max(PolicyUse.id))
_IN_FORCE = (
    select(StoredPolicy.document)
    .join(PolicyUse, PolicyUse.policy_id == StoredPolicy.id)
    .order_by(PolicyUse.id.desc())
    .limit(1)
)


def store_policy(
    connection: Connection,
    document: Mapping[str, Any],
    *,
    moderator_id: int | None = None,
    note: str | None = None,
) -> None:
    """Keep a version of the policy; it is not yet in force.

    Raises
    ------
    PolicyError
        If the document does not describe a policy.
    PolicyVersionError
        If there is such a version already.
    """
    policy, rules = parse_policy(document)
    try:
        connection.execute(
            insert(StoredPolicy).values(
                version=policy.version,
                document=to_document(policy, rules),
                note=note,
                moderator_id=moderator_id,
                created_at=datetime.now(UTC),
            )
        )
    except IntegrityError as error:
        raise PolicyVersionError(
            f"there is a policy {policy.version!r} already: give the new one another version"
        ) from error
    note_audit(connection, "policy stored", policy.version, moderator_id=moderator_id)


def use_policy(connection: Connection, version: str, *, moderator_id: int | None = None) -> None:
    """Put a version in force, a new or an earlier one.

    Raises
    ------
    PolicyVersionError
        If there is no such version.
    """
    number = connection.scalar(select(StoredPolicy.id).where(StoredPolicy.version == version))
    if number is None:
        raise PolicyVersionError(f"there is no policy {version!r}: see `ghirbal policy list`")
    now = datetime.now(UTC)
    row = {"policy_id": number, "moderator_id": moderator_id, "created_at": now}
    connection.execute(insert(PolicyUse), row)
    note_audit(connection, "policy put in force", version, moderator_id=moderator_id)


def list_policies(connection: Connection) -> Sequence[RowMapping]:
    """Return version, note, author, time, and since when it is in force, of all, newest first."""
    newest = select(PolicyUse.policy_id, PolicyUse.created_at).order_by(PolicyUse.id.desc())
    in_force = newest.limit(1).subquery()
    query = (
        select(
            StoredPolicy.version,
            StoredPolicy.note,
            Moderator.display_name.label("by"),
            StoredPolicy.created_at,
            in_force.c.created_at.label("in_force_since"),
        )
        .outerjoin(Moderator, Moderator.id == StoredPolicy.moderator_id)
        .outerjoin(in_force, in_force.c.policy_id == StoredPolicy.id)
        .order_by(StoredPolicy.id.desc())
    )
    return connection.execute(query).mappings().all()


def read_policy(connection: Connection, version: str) -> dict[str, Any]:
    """Return the document of a version.

    Raises
    ------
    PolicyVersionError
        If there is no such version.
    """
    query = select(StoredPolicy.document).where(StoredPolicy.version == version)
    document: dict[str, Any] | None = connection.scalar(query)
    if document is None:
        raise PolicyVersionError(f"there is no policy {version!r}: see `ghirbal policy list`")
    return document


@dataclass(slots=True)
class JudgeInForce:
    """The judge with the policy in force, looked up anew after a second.

    Parameters
    ----------
    engine : Engine
        Where policies are stored.
    first : Judge
        Judges as long as no policy was put in force.
    """

    engine: Engine
    first: Judge
    _judge: Judge | None = None
    _use: int | None = None
    _looked_at: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    @property
    def is_fresh(self) -> bool:
        """Whether `get` answers without looking."""
        return self._judge is not None and time.monotonic() - self._looked_at < _REFRESH_S

    @property
    def last(self) -> Judge:
        """The judge as it was when last looked up."""
        return self._judge or self.first

    def get(self) -> Judge:
        """Return the judge; the one before as long as the database cannot be asked."""
        if not self.is_fresh:
            with self._lock:
                self._looked_at = time.monotonic()
                try:
                    self.refresh()
                except SQLAlchemyError:
                    self._judge = self._judge or self.first
        return self.last

    def refresh(self) -> None:
        """Look now, as after a change in this very process."""
        with self.engine.connect() as connection:
            use = connection.scalar(_NEWEST_USE)
            if self._judge is not None and use == self._use:
                return
            document = connection.scalar(_IN_FORCE)
        if document is None:
            self._judge, self._use = self.first, None
            return
        policy, rules = parse_policy(document)
        self._judge, self._use = replace(self.first, policy=policy, rules=rules), use
