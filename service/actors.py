"""Who decides: a moderator in person, or a site's moderators through its key."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_

from service.claims import visible_to
from service.keys import Caller
from service.moderators import Person, Role
from service.queue import of_site
from service.tables import IN_REVIEW, Comment


@dataclass(frozen=True, slots=True)
class Actor:
    """Whose decision it is, and what they may decide on.

    Parameters
    ----------
    visible : ColumnElement
        The condition for comments in review that they may decide on.
    sites : ColumnElement
        The condition for comments of their sites, in review or not.
    moderator_id, api_key_id : int, optional
        One of them.
    leads : bool
        Whether they may take back what others decided.
    """

    visible: ColumnElement[bool]
    sites: ColumnElement[bool]
    moderator_id: int | None = None
    api_key_id: int | None = None
    leads: bool = False

    @property
    def made_by(self) -> dict[str, int | str | None]:
        """The columns of a decision that name them."""
        return {
            "source": "moderator",
            "moderator_id": self.moderator_id,
            "api_key_id": self.api_key_id,
        }


def in_person(person: Person) -> Actor:
    """Return a moderator as one who decides."""
    leads = person.role.covers(Role.LEAD)
    return Actor(visible_to(person), and_(Comment.id > 0), moderator_id=person.id, leads=leads)


def by_key(caller: Caller) -> Actor:
    """Return the key of a site as one who decides."""
    of_their_site = Comment.site_id == caller.site_id
    return Actor(and_(of_site(caller.site_id), IN_REVIEW), of_their_site, api_key_id=caller.key_id)
