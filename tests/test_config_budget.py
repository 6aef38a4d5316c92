"""Who shares a request budget with whom, and that those who do want the same share of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.api_token import ApiToken
from exporter.config import AccountConfig, ConfigError, budget_groups, parse

ACCOUNTS = st.lists(st.tuples(st.sampled_from(["", *"uvwxyz"]), st.sampled_from("qrstuvwxyz")), max_size=12)


def account(name: str, *, token: str = "", group: str = "") -> AccountConfig:
    """Build an account; without a token it has one of its own."""
    return AccountConfig(name=name, token=ApiToken.literal(token or f"of-{name}"), rate_limit_group=group, addons=())


def grouped(*accounts: AccountConfig) -> list[str]:
    return ["".join(account.name for account in group) for group in budget_groups(accounts)]


def test_accounts_of_their_own_share_with_nobody() -> None:
    assert grouped(account("a"), account("b"), account("c", group="g")) == ["a", "b", "c"]
    assert budget_groups([]) == ()


def test_the_same_group_or_the_same_token_is_one_budget_in_the_order_of_the_file() -> None:
    assert grouped(
        account("a", group="g"), account("b"), account("c", token="t"), account("d", group="g"), account("e", token="t")
    ) == ["ad", "b", "ce"]


def test_the_same_token_is_one_budget_even_under_two_groups() -> None:
    assert grouped(account("a", token="t", group="one"), account("b", token="t", group="two")) == ["ab"]


def test_accounts_are_linked_through_others_also_by_one_that_comes_last() -> None:
    one, two = account("a", group="one"), account("b", token="t")
    assert grouped(one, two) == ["a", "b"]
    assert grouped(one, two, account("c", group="one", token="t")) == ["abc"]


def test_a_group_that_is_named_like_a_token_is_something_else() -> None:
    assert grouped(account("a", group="same"), account("b", token="same")) == ["a", "b"]


def test_a_token_from_a_file_is_compared_by_what_the_file_holds(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("made-up\n")
    mounted = AccountConfig(name="b", token=ApiToken.from_file(tmp_path / "token"), addons=())
    assert grouped(account("a", token="made-up"), mounted) == ["ab"]


def test_a_token_that_cannot_be_read_is_like_no_other(tmp_path: Path) -> None:
    first, second = (
        AccountConfig(name=name, token=ApiToken.from_file(tmp_path / "gone"), rate_limit_group=group, addons=())
        for name, group in (("a", ""), ("b", "g"))
    )
    assert grouped(first, second, account("c", group="g")) == ["a", "bc"]


@given(ACCOUNTS)
def test_groups_are_what_links_reach_and_nobody_is_lost(drawn: list[tuple[str, str]]) -> None:
    accounts = [account(str(place), token=token, group=group) for place, (group, token) in enumerate(drawn)]
    groups = budget_groups(accounts)
    assert sorted(map(id, accounts)) == sorted(id(member) for group in groups for member in group)
    assert [group[0] for group in groups] == sorted((group[0] for group in groups), key=accounts.index)
    for group in groups:
        assert list(group) == [member for member in accounts if member in reached(group[0], accounts)]


def reached(start: AccountConfig, accounts: list[AccountConfig]) -> list[AccountConfig]:
    """Follow the links one step at a time until nobody new comes."""
    found = [start]
    for member in found:
        found += [
            other
            for other in accounts
            if other not in found
            and (
                other.token.reveal() == member.token.reveal() or other.rate_limit_group == member.rate_limit_group != ""
            )
        ]
    return found


def _parsed(*lines: str) -> str:
    """Read accounts, each of which shares the group, and return their problems."""
    entries = "".join(
        f"- {{name: n{place}, token: t{place}, rate_limit_group: g, addons: [{{project: p, addon: a}}]{line}}}\n"
        for place, line in enumerate(lines)
    )
    try:
        parse(f"accounts:\n{entries}", {})
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("share", ["0.8", ".8", "0.80"])
def test_a_share_that_is_the_default_agrees_with_one_that_is_left_out(share: str) -> None:
    assert _parsed("", f", rate_limit_share: {share}") == ""


def test_accounts_that_disagree_are_named_with_their_way_out() -> None:
    assert _parsed("", ", rate_limit_share: 1") == (
        "accounts[1].rate_limit_share: is 1.0, but accounts[0].rate_limit_share is 0.8 by default; "
        "with the same rate_limit_group they share one budget: give both the same share (line 3)"
    )


@given(st.floats(min_value=0, max_value=1, exclude_min=True))
def test_every_share_above_0_and_up_to_1_is_read_back(share: float) -> None:
    written = f"{share:.1100f}"
    text = f"accounts: [{{token: t, rate_limit_share: {written}, addons: [{{project: p, addon: a}}]}}]"
    assert parse(text, {}).accounts[0].rate_limit_share == share


@given(st.text() | st.floats().map(str) | st.integers().map(str))
def test_what_is_read_as_a_share_is_one(text: str) -> None:
    written = "accounts: [{token: t, rate_limit_share: '${S}', addons: [{project: p, addon: a}]}]"
    try:
        config = parse(written, {"S": text})
    except ConfigError:
        return
    assert 0 < config.accounts[0].rate_limit_share <= 1
