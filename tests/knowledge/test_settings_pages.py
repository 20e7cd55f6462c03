"""The pages of the old WebAdmin fit the map of settings and their document."""

from pathlib import Path

import pytest

from gateway.knowledge.settings_map import SETTINGS
from gateway.knowledge.settings_notes import note
from gateway.knowledge.settings_pages import off_pages, pages

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs/settings.md").read_text()
KEYS = [row for row in SETTINGS.rows if not row.is_record]
NAMES = {"ids": lambda page: page.name}

# Pages of which only the number of fields is known, and how many keys more fit (fewer: the fields are those of several folders).
OPEN = {
    ("directory", "none"): 3,
    ("store", "none"): 2,
    ("acme", "none"): 2,
    ("cluster", "none"): 3,
    ("jmap-limits", "rw"): 1,
    ("sieve-limits", "rw"): 1,
    ("cache", "rw"): 1,
    ("groupware-storage-quota", "rw"): 1,
    ("email-folders", "rw"): -15,
}


def test_there_are_94_pages_with_762_fields():
    assert len(pages()) == len({page.name for page in pages()}) == 94
    assert [sum(page.counts.get(direction, 0) for page in pages()) for direction in ("rw", "r", "none")] == [635, 14, 113]


@pytest.mark.parametrize("page", pages(), **NAMES)
def test_the_keys_of_a_page_are_as_many_as_its_fields(page):
    for direction in ("rw", "r", "none"):
        assert page.excess(direction) == OPEN.get((page.name, direction), 0)


@pytest.mark.parametrize("page", [page for page in pages() if page.kind == "records"], **NAMES)
def test_records_are_listed_by_a_key_that_all_of_them_have(page):
    row = SETTINGS.by_pattern[f"{page.prefix}.<id>.{page.suffix}"]
    assert "discriminator" in row.marks
    assert row in page.rows


def test_no_key_is_on_two_pages_except_of_lookup_lists():
    seen = [row.pattern for page in pages() for row in page.rows if row.word != "lookup-value"]
    assert len(seen) == len(set(seen))


def test_the_document_tells_of_every_key():
    on_pages = {row.pattern for page in pages() for row in page.rows}
    assert on_pages | {row.pattern for row in off_pages()} == {row.pattern for row in KEYS}
    for page in pages():
        assert f"\n### {page.name}\n" in DOCUMENT
        section = DOCUMENT.partition(f"\n### {page.name}\n")[2].partition("\n### ")[0]
        before = f"{page.prefix}.<id>." if page.prefix else ""
        for row in page.rows if page.kind != "keys" else ():
            assert f"`{row.base.removeprefix(before)}`" in section, (page.name, row.pattern)
    others = DOCUMENT.partition("\n## Keys on no page\n")[2]
    assert all(f"`{row.base}`" in others or f"`{row.pattern}`" in others for row in off_pages())


def test_what_is_gone_has_its_reason_on_its_page():
    gone = DOCUMENT.partition("<!-- gone:begin -->")[2].partition("<!-- gone:end -->")[0]
    for page in pages():
        if page.fitting("none"):
            section = gone.partition(f"**{page.name}**")[2].partition("\n**")[0]
            assert all(note(row).reason in section for row in page.fitting("none"))
        else:
            assert f"**{page.name}**" not in gone
