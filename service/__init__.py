"""The web service: scoring, storing and deciding over HTTP."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["create_app"]


def create_app(config: Mapping[str, Any] | None = None) -> "Flask":
    """Create the WSGI application.

    Parameters
    ----------
    config : mapping of str to Any, optional
        Settings that win over the environment and the settings file; see `service.settings`.

    Raises
    ------
    SettingsError
        If a setting is unknown or has a value that cannot be used.
    ModelError, PolicyError
        If the model folder is damaged or the policy file does not describe a policy.
    """
    # Imported late: every command imports this package, and most need neither Flask nor a database.
    from service.app import build_app
    from service.settings import load_settings

    return build_app(load_settings(config))
