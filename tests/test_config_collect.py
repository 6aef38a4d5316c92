"""How often schedules and restores are read, and by which clock schedules are due."""

import subprocess
import sys
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.config import CollectConfig, ConfigError, Problem, parse

ACCOUNTS = "accounts: [{token: t, addons: [{project: shop, addon: orders-db}]}]\n"
ZONE = "collect: {schedules_timezone: Europe/Berlin}\n"

every_interval = pytest.mark.parametrize("key", ["schedules", "restores"])


def collect(key: str, written: str) -> CollectConfig:
    return parse(f"{ACCOUNTS}collect:\n  {key}: {written}\n", {}).collect


def test_schedules_are_read_unless_told_otherwise_and_restores_are_not() -> None:
    expected = CollectConfig(
        discovery=timedelta(minutes=10),
        schedules=timedelta(hours=6),
        schedules_timezone=ZoneInfo("UTC"),
        schedules_grace=timedelta(hours=1),
        restores=None,
        full_listing=timedelta(hours=6),
    )
    assert parse(ACCOUNTS, {}).collect == parse(f"{ACCOUNTS}collect: {{}}\n", {}).collect == expected


@every_interval
@pytest.mark.parametrize("written", ["off", "'off'", "false"])
def test_either_can_be_off(key: str, written: str) -> None:
    assert getattr(collect(key, written), key) is None


@every_interval
def test_either_has_any_duration_longer_than_0(key: str) -> None:
    assert getattr(collect(key, "1ms"), key) == timedelta(milliseconds=1)
    assert getattr(collect(key, "1d12h"), key) == timedelta(hours=36)


@every_interval
@pytest.mark.parametrize("written", ["0", "0s", "true", "on", "sometimes", "-1s", "", "10", "[10m]", "${UNSET}"])
def test_neither_is_anything_else(key: str, written: str) -> None:
    with pytest.raises(ConfigError, match=rf"^collect\.{key}: "):
        collect(key, written)


def test_the_grace_may_be_0_but_not_off() -> None:
    assert collect("schedules_grace", "0").schedules_grace == timedelta()
    assert collect("schedules_grace", "90m").schedules_grace == timedelta(minutes=90)
    with pytest.raises(ConfigError, match=r"^collect\.schedules_grace: "):
        collect("schedules_grace", "off")


def test_lists_are_read_whole_at_any_interval_or_always_but_not_never() -> None:
    assert collect("full_listing", "0").full_listing == timedelta()
    assert collect("full_listing", "1d12h").full_listing == timedelta(hours=36)
    for written in ("off", "'off'", "false"):
        with pytest.raises(ConfigError, match=r"^collect\.full_listing: cannot be off: .* counted for ever"):
            collect("full_listing", written)


@pytest.mark.parametrize("written", ["true", "sometimes", "-1s", "", "10", "[10m]", "${UNSET}"])
def test_that_interval_is_a_duration(written: str) -> None:
    with pytest.raises(ConfigError, match=r"^collect\.full_listing: (?!cannot)"):
        collect("full_listing", written)


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_a_time_zone_has_its_iana_name(name: str) -> None:
    assert collect("schedules_timezone", name).schedules_timezone == ZoneInfo(name)


@pytest.mark.parametrize(
    "name",
    ["Atlantis", "Europe", "Europe/", "UTC+2", "+02:00", "../UTC", "/etc/localtime", "__init__.py", "a" * 5_000, "é"],
)
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"^collect\.schedules_timezone: .* is not the IANA name of a time zone"):
        collect("schedules_timezone", f"'{name}'")


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_time_zone_or_one_problem(name: str) -> None:
    text = ACCOUNTS + yaml.safe_dump({"collect": {"schedules_timezone": name}}, allow_unicode=True)
    problems: tuple[Problem, ...] = ()
    try:
        parse(text, {})
    except ConfigError as error:
        problems = error.problems
    assert [problem.path for problem in problems] in ([], ["collect.schedules_timezone"])


def test_time_zones_are_known_where_the_system_has_none() -> None:
    """Slim images have no time zones of their own; the package `tzdata` brings them."""
    script = f"from exporter.config import parse; print(parse({ACCOUNTS + ZONE!r}, {{}}).collect.schedules_timezone)"
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONTZPATH": ""}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Europe/Berlin\n"
