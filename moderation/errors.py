"""What can go wrong in the library, one class per thing that a caller can do something about."""


class ModerationError(Exception):
    """Base of all errors that the library raises on purpose."""


class ModelError(ModerationError):
    """A model folder is missing, damaged or made for another version of the code."""


class PolicyError(ModerationError, ValueError):
    """A policy cannot be built from what was given."""
