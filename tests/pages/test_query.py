"""Addresses of the pages: stable, and harmless whatever stands in them."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model import AddonKey
from exporter.pages.query import Query, addon_url

_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50).map(str.strip)


@given(
    st.builds(
        Query,
        find=_WORDS,
        state=_WORDS,
        account=_WORDS,
        project=_WORDS,
        type=_WORDS,
        sort=_WORDS,
        page=st.integers(1, 999_999),
    )
)
def test_an_address_asks_for_what_it_was_made_from(query: Query) -> None:
    assert query.url.isascii()
    assert Query.of(dict(parse_qsl(urlsplit(query.url).query))) == query


def test_what_is_usual_is_not_in_the_address() -> None:
    assert Query().url == "/"
    assert Query(sort="size").url == "/?sort=size"
    assert Query.of({"sort": "", "page": "1", "find": " "}).url == "/"


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "1.5", "٣", "9" * 30, "²"])
def test_a_page_that_is_no_number_is_the_first(page: str) -> None:
    assert Query.of({"page": page}).page == 1


def test_other_parameters_and_too_long_ones_do_no_harm() -> None:
    query = Query.of({"find": "x" * 100_000, "elsewhere": "<script>"})

    assert query == Query(find="x" * 200)


def test_another_choice_begins_at_the_first_page() -> None:
    query = Query(state="critical", page=7)

    assert query.with_(project="shop") == Query(state="critical", project="shop")
    assert query.with_(page=8) == Query(state="critical", page=8)
    assert query.is_filtered
    assert not Query(sort="size", page=3).is_filtered
    assert Query(sort="size", find="db", page=3).unfiltered == Query(sort="size")


def test_an_addon_has_an_address_whatever_it_is_called() -> None:
    key = AddonKey("", 'a&b=c #"<>', "größe/🐘")
    asked = dict(parse_qsl(urlsplit(addon_url(key)).query))

    assert asked == {"project": key.project_id, "addon": key.addon_id}
    assert addon_url(AddonKey("acme/team", "p", "a")) == "/addon?account=acme%2Fteam&project=p&addon=a"
