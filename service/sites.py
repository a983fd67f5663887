"""Sites and their sections."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from service.audit import note
from service.newsroom_errors import SiteNameError
from service.tables import Section, Site

_SECTION = select(Section.id).where(
    Section.site_id == bindparam("site_id"), Section.name == bindparam("name")
)


def add_site(connection: Connection, name: str) -> int:
    """Store a new site and return its number.

    Raises
    ------
    SiteNameError
        If the name is taken.
    """
    try:
        query = insert(Site).values(name=name, created_at=datetime.now(UTC)).returning(Site.id)
        number = int(connection.execute(query).scalar_one())
    except IntegrityError as error:
        raise SiteNameError(f"there is a site named {name!r} already") from error
    note(connection, "site added", name)
    return number


def find_site(connection: Connection, name: str) -> int:
    """Return the number of a site.

    Raises
    ------
    SiteNameError
        If no site has this name.
    """
    found = connection.scalar(select(Site.id).where(Site.name == name))
    if found is None:
        raise SiteNameError(f"no site is named {name!r}: see `ghirbal sites list`")
    return found


def list_sites(connection: Connection) -> Sequence[RowMapping]:
    """Return number and name of all sites, oldest first."""
    return connection.execute(select(Site.id, Site.name).order_by(Site.id)).mappings().all()


def list_sections(connection: Connection) -> Sequence[RowMapping]:
    """Return number, name and site of all sections, by name."""
    query = select(Section.id, Section.name, Site.name.label("site")).join(
        Site, Site.id == Section.site_id
    )
    return connection.execute(query.order_by(Site.id, Section.name)).mappings().all()


def section_of(connection: Connection, site_id: int, name: str) -> int:
    """Return the number of a section, which is made if it is new."""
    wanted = {"site_id": site_id, "name": name}
    found = connection.scalar(_SECTION, wanted)
    if found is not None:
        return int(found)
    made = connection.execute(insert(Section).returning(Section.id), wanted)
    return int(made.scalar_one())
