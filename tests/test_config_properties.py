"""What holds for every configuration, however it was made up."""

import re

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.config.keys import ACCOUNT, ADDON, COLLECT, ROOT, SCRAPE
from fuzz.configuration import EXAMPLE, SECRET, everything_said
from fuzz.yaml_texts import MARK

KEYS = sorted({*ROOT, *ACCOUNT, *ADDON, *COLLECT, *SCRAPE, "<<"})
BEFORE, _, AFTER = EXAMPLE.partition(f"token: {SECRET}")
BEFORE = BEFORE.replace(SECRET, "password")
AFTER = AFTER.replace("${TOKEN}", "x")

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates()
    | st.text()
    | st.sampled_from(["26h", "off", "${TOKEN}", "${", "$${", "shop", "https://api.northflank.com", "./token"])
)
structures = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | scalars.filter(lambda key: key == key), inner, max_size=5)  # noqa: PLR0124 - not NaN
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(structures, st.dictionaries(st.sampled_from(KEYS), structures))
def test_any_structure_is_a_configuration_or_a_list_of_problems(structure: object, root: dict[str, object]) -> None:
    for whole in (structure, root, {**root, "accounts": [root, structure]}):
        everything_said(yaml.safe_dump(whole, allow_unicode=True), {"TOKEN": "made-up"})


@settings(deadline=None)
@given(st.text(), st.sampled_from(["token", "token_file"]))
def test_a_token_from_the_environment_is_never_shown_whatever_it_holds(value: str, key: str) -> None:
    text = f"{BEFORE}{key}: ${{TOKEN}}{AFTER}"
    assert MARK not in everything_said(text, {"TOKEN": f"{value}{MARK}{value}"})


@settings(deadline=None)
@given(st.text(), st.text(), st.data())
def test_a_token_from_the_environment_is_never_shown_under_any_key(
    before: str, after: str, data: st.DataObject
) -> None:
    whole = BEFORE + "token: x" + AFTER
    spot = data.draw(st.sampled_from(list(re.finditer(r": (\S+)\n", whole))))
    text = whole[: spot.start(1)] + '"${TOKEN}"' + whole[spot.end(1) :]
    assert MARK not in everything_said(text, {"TOKEN": f"{before}{MARK}{after}"})
