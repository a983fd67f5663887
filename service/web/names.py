"""What roles, scopes, events and sources are called in the newsroom."""

from flask_babel import LazyString, gettext, lazy_gettext

from moderation import Action
from service.web.formats import action_text, digits

_ROLES: dict[str, tuple[LazyString, LazyString]] = {
    "moderator": (lazy_gettext("Moderator"), lazy_gettext("works the queue")),
    "lead": (
        lazy_gettext("Lead"),
        lazy_gettext("decides on what is passed on, sets policy and lists"),
    ),
    "admin": (lazy_gettext("Admin"), lazy_gettext("accounts, keys and webhooks as well")),
}
_SCOPES: dict[str, LazyString] = {
    "score": lazy_gettext("score texts"),
    "ingest": lazy_gettext("send comments"),
    "read": lazy_gettext("read comments and the queue"),
    "decide": lazy_gettext("decide"),
    "feedback": lazy_gettext("suggest scores"),
}
_EVENTS: dict[str, LazyString] = {
    "comment.decided": lazy_gettext("a comment was decided on"),
    "comment.queued": lazy_gettext("a comment waits for review"),
}
_SOURCES: dict[str, LazyString] = {
    "model": lazy_gettext("the model"),
    "list": lazy_gettext("a list"),
    "rule": lazy_gettext("a rule"),
    "import": lazy_gettext("an import"),
    "moderator": lazy_gettext("a moderator"),
}
_CHANGES: dict[str, LazyString] = {
    "key added": lazy_gettext("key added"),
    "key revoked": lazy_gettext("key put out of use"),
    "account added": lazy_gettext("account added"),
    "password set": lazy_gettext("password set"),
    "account put out of use": lazy_gettext("account put out of use"),
    "second factor on": lazy_gettext("second factor on"),
    "second factor off": lazy_gettext("second factor off"),
    "webhook added": lazy_gettext("webhook added"),
    "webhook removed": lazy_gettext("webhook removed"),
    "policy stored": lazy_gettext("policy stored"),
    "policy put in force": lazy_gettext("policy put in force"),
    "deleted for author": lazy_gettext("deleted on request of the author"),
    "deleted for site": lazy_gettext("deleted on request of the site"),
    "removed by retention": lazy_gettext("removed after its time"),
    "ids of readers hashed": lazy_gettext("ids of readers hashed"),
    "site added": lazy_gettext("site added"),
    "comments exported": lazy_gettext("comments exported"),
    "training data exported": lazy_gettext("training data exported"),
    "person's data exported": lazy_gettext("data of a person exported"),
}

_STATES = {each.value for each in Action}


def change_name(action: str) -> str:
    """Return what was changed; what is not known here stays as it is recorded."""
    return str(_CHANGES.get(action, action))


def change_subject(action: str, subject: str) -> tuple[str, str]:
    """Return what was changed as somebody named it, and what is said of that in our words."""
    name, _, rest = subject.rpartition(": ")
    number, _, _ = subject.partition(" ")
    if action == "account added" and rest in _ROLES:
        return name, role_name(rest)
    if action == "key added" and name:
        return name, str(gettext(", ")).join(scope_name(each) for each in rest.split(", "))
    if action == "removed by retention" and rest in _STATES:
        return "", f"{_counted(number)} · {action_text(rest)}"
    if action == "ids of readers hashed":
        return "", _counted(number)
    if action in {"deleted for author", "deleted for site"}:
        return "", gettext("comment %(n)s", n=digits(subject.removeprefix("comment ")))
    if action == "training data exported":
        return "", gettext("all sites")
    return subject, ""


def _counted(number: str) -> str:
    return str(gettext("Number: %(n)s", n=digits(number)))


def role_name(role: str) -> str:
    """Return what a role is called."""
    return str(_ROLES[role][0])


def role_says(role: str) -> str:
    """Return what whoever has a role may do."""
    return str(_ROLES[role][1])


def scope_name(scope: str) -> str:
    """Return what a scope allows."""
    return str(_SCOPES.get(scope, scope))


def event_name(event: str) -> str:
    """Return what an event tells."""
    return str(_EVENTS.get(event, event))


def source_name(source: str) -> str:
    """Return who decided where nobody did in person."""
    return str(_SOURCES.get(source, source))
