"""Sites and their sections."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, insert, select
from sqlalchemy.exc import IntegrityError

from service.audit import note
from service.newsroom_errors import SiteNameError
from service.tables import Section, Site


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


def sections_of(connection: Connection, site_id: int, names: Iterable[str]) -> dict[str, int]:
    """Return the numbers of sections by their names; those that are new are made."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    of_names = (Section.site_id == site_id) & Section.name.in_(wanted)
    rows = connection.execute(select(Section.name, Section.id).where(of_names))
    found = {name: number for name, number in rows}
    for name in wanted:
        if name not in found:
            made = insert(Section).values(site_id=site_id, name=name).returning(Section.id)
            found[name] = int(connection.execute(made).scalar_one())
    return found
