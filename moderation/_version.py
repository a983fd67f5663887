"""The version of the code; models carry their own."""

__version__ = "26.11.0"
