"""Where a form may lead to."""


def is_ours(address: str) -> bool:
    """Return whether an address leads to one of these pages."""
    # "//host" and "/\\host" lead to another site.
    return (
        address.startswith("/")
        and not address.startswith(("//", "/\\"))
        and (address.isprintable())
    )
