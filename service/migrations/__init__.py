"""The history of the tables."""

HEAD = "0012"
"""The newest revision; kept here so that a start need not import Alembic to compare."""
