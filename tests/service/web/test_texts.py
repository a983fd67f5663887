"""The Arabic texts are complete, and what is served is what was written."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

SERVICE = Path(__file__).parents[3] / "service"
CATALOG = SERVICE / "translations" / "ar" / "LC_MESSAGES" / "messages.po"


def catalog():
    with CATALOG.open("rb") as file:
        return read_po(file, locale="ar")


def used():
    found = extract_from_dir(
        SERVICE,
        method_map=[("web/**.py", "python"), ("templates/**.html", "jinja2")],
        keywords={"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None},
    )
    return {message for _, _, message, _, _ in found}


def test_every_text_is_in_the_catalog_and_nothing_else_is():
    assert {message.id for message in catalog() if message.id} == used()


def test_every_text_is_translated_in_all_its_forms():
    for message in catalog():
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(forms), message.id
        assert not message.fuzzy, message.id
        assert len(forms) == (6 if message.pluralizable else 1)


def test_no_text_has_digits_of_its_own_that_the_reader_did_not_choose():
    assert [m.id for m in catalog() if re.search("[٠-٩۰-۹]", str(m.string))] == []


def texts(catalog):
    return sorted((list(message.id), list(message.string)) for message in catalog if message.id)


def test_compiled_catalog_is_that_of_the_texts():
    with CATALOG.with_suffix(".mo").open("rb") as file:
        served = read_mo(file)
    written = catalog()
    assert texts(served) == texts(written)
    assert (served.num_plurals, served.plural_expr) == (written.num_plurals, written.plural_expr)
