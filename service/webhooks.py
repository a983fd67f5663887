"""The addresses that are told of decisions, and the secrets with which events are signed."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection, RowMapping, func, insert, select, update
from werkzeug.urls import iri_to_uri

from service.audit import note
from service.newsroom_errors import WebhookError
from service.tables import Outbox, Site, Webhook

_SECRETS = 3


def new_secret() -> str:
    """Return a secret to sign with."""
    return f"ghs_{secrets.token_urlsafe(32)}"


def add_webhook(
    connection: Connection,
    url: str,
    *,
    events: Sequence[str],
    secret: str,
    site_id: int,
    moderator_id: int | None = None,
) -> int:
    """Store a webhook and return its number.

    Raises
    ------
    WebhookError
        If the address is not one of HTTP, or names a user.
    """
    _check_address(url)
    query = insert(Webhook).values(
        site_id=site_id,
        url=url,
        events=sorted(set(events)),
        secrets=[secret],
        active=True,
        created_at=datetime.now(UTC),
    )
    number = int(connection.execute(query.returning(Webhook.id)).scalar_one())
    note(connection, "webhook added", f"{number}: {url}", moderator_id=moderator_id)
    return number


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        # Delivery writes it so; not every host has such a name.
        iri_to_uri(url)
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in parts.netloc:
        raise WebhookError(f"{url!r} must be an address such as https://site.example/ghirbal")
    if "@" in parts.netloc:
        # Not repeated: it may hold a password.
        raise WebhookError(
            "the address must not hold a user name or password, which would not be sent; the site "
            "knows events by their signature"
        )


def list_webhooks(connection: Connection) -> Sequence[RowMapping]:
    """Return number, site, address, events, number of secrets and what waits, of all in use."""
    waiting = (
        select(func.count())
        .where(Outbox.webhook_id == Webhook.id, Outbox.delivered_at.is_(None))
        .scalar_subquery()
    )
    query = (
        select(
            Webhook.id,
            Site.name.label("site"),
            Webhook.url,
            Webhook.events,
            Webhook.secrets,
            waiting.label("waiting"),
        )
        .join(Site, Site.id == Webhook.site_id)
        .where(Webhook.active)
    )
    return connection.execute(query.order_by(Webhook.id)).mappings().all()


def add_secret(connection: Connection, number: int, secret: str) -> None:
    """Sign with a further secret as well; the oldest go when there are more than three.

    Raises
    ------
    WebhookError
        If there is no such webhook.
    """
    kept = [*_secrets(connection, number), secret][-_SECRETS:]
    connection.execute(update(Webhook).where(Webhook.id == number).values(secrets=kept))


def keep_newest_secret(connection: Connection, number: int) -> None:
    """Sign with the newest secret alone from now on.

    Raises
    ------
    WebhookError
        If there is no such webhook.
    """
    kept = _secrets(connection, number)[-1:]
    connection.execute(update(Webhook).where(Webhook.id == number).values(secrets=kept))


def remove_webhook(connection: Connection, number: int, *, moderator_id: int | None = None) -> None:
    """Tell an address nothing any more, not even what waits for it.

    Raises
    ------
    WebhookError
        If there is no such webhook.
    """
    _secrets(connection, number)
    connection.execute(update(Webhook).where(Webhook.id == number).values(active=False))
    note(connection, "webhook removed", str(number), moderator_id=moderator_id)


def _secrets(connection: Connection, number: int) -> list[str]:
    query = select(Webhook.secrets).where(Webhook.id == number, Webhook.active)
    found: list[str] | None = connection.scalar(query.with_for_update())
    if found is None:
        raise WebhookError(f"no webhook has the number {number}: see `ghirbal webhooks list`")
    return found
