"""From a believable Northflank to the exposition: every value equals an independent calculation."""

import base64
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, pairwise
from statistics import median

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter.api_token import ApiToken
from exporter.app import Exporter
from exporter.config import AccountConfig, AddonEntry, CollectConfig, Config
from exporter.simulator import Behaviour, Fault, Simulator, World
from exporter.simulator.behaviour import Blank, LastCursor, ListOrder
from exporter.simulator.nouns import Backup
from exporter.state import ReadingProgress
from tests.catalogue import exported
from tests.machine import program
from tests.oracle import series
from tests.process import TOKEN

MAX_AGE = timedelta(hours=26)
STATUSES = ("scheduled", "in-progress", "completed", "aborting", "aborted", "failed", "not-supported", "unknown")
MEASURED = ("northflank_addon_poll_duration_seconds", "northflank_addon_data_timestamp_seconds")
BEHAVIOURS = {
    "likeliest": Behaviour(),
    "oldest first": Behaviour(order=ListOrder.OLDEST_FIRST, completed_at=Blank.NULL, size=Blank.ABSENT),
    "shuffled": Behaviour(order=ListOrder.SHUFFLED, completed_at=Blank.EMPTY, last_cursor=LastCursor.KEPT),
    "with fillers": Behaviour(completed_at=Blank.FILLER, times_with_space=True, uids=False),
}


def watching(simulator: Simulator, *, name: str = "", token: str = TOKEN) -> AccountConfig:
    world = simulator.world
    entries = tuple(
        AddonEntry(project=project.id, addon=addon.id, max_age=MAX_AGE)
        for project in world.projects
        for addon in world.addons(project.id)
    )
    return AccountConfig(name=name, api_url=simulator.url, token=ApiToken.literal(token), addons=entries)


async def scraped(*accounts: AccountConfig, now: datetime, names: tuple[str, ...] = (), for_file: bool = False) -> str:
    config = Config(accounts=accounts, collect=CollectConfig(schedules=None))
    async with Exporter(config, for_file=for_file, now=lambda: now) as exporter:
        return b"".join(exporter.exposition.text(await exporter.scrape(), names)).decode()


def kind_of(backup: Backup) -> str:
    return {"snapshot": "snapshot", "fileUpload": "import", "externalDump": "import"}.get(backup.source_type, "dump")


def ended(backup: Backup) -> datetime:
    return backup.completed_at or backup.created_at


Said = Iterator[tuple[str, dict[str, str], float]]


def expected_of_world(world: World, now: datetime) -> dict[str, float]:
    """Calculate what is to be said of every addon, from what the simulated world holds."""
    expected = {}
    for project in world.projects:
        for addon in world.addons(project.id):
            ids = {"addon_id": addon.id, "project_id": project.id}
            facts = expected_of_addon(world.backups(project.id, addon.id, now), now)
            is_paused = world.addon_status(project.id, addon.id, now) == "paused"
            created_at = addon.created_at.timestamp()
            details: Said = iter([("created_timestamp_seconds", {}, created_at), ("paused", {}, is_paused)])
            for metric, labels, value in chain(facts, details):
                pairs = ",".join(f'{key}="{text}"' for key, text in sorted((ids | labels).items()) if text)
                expected[f"northflank_addon_{metric}{{{pairs}}}"] = float(value)
    return expected


def expected_of_addon(backups: tuple[Backup, ...], now: datetime) -> Said:
    yield "poll_success", {}, 1
    yield "backup_max_age_seconds", {}, 93_600
    counts = Counter(backup.status.value for backup in backups)
    for status in STATUSES:
        yield "backups", {"status": status}, counts[status]
    completed = sorted((each for each in backups if each.status == "completed"), key=ended)
    yield "backups_stored_bytes", {}, sum(each.size_bytes or 0 for each in completed)
    yield from expected_of_kinds(completed)
    yield from expected_of_own([each for each in backups if kind_of(each) != "import"])
    own = [each for each in completed if kind_of(each) != "import"]
    if own:
        yield from expected_of_latest(own, now)


def expected_of_kinds(completed: list[Backup]) -> Said:
    for kind in ("snapshot", "dump", "import"):
        sizes = [each.size_bytes or 0 for each in completed if kind_of(each) == kind]
        times = [ended(each) for each in completed if kind_of(each) == kind]
        if times:
            yield "backup_kind_last_completed_timestamp_seconds", {"backup_kind": kind}, times[-1].timestamp()
            yield "backup_kind_last_completed_size_bytes", {"backup_kind": kind}, sizes[-1]
        if len(sizes) > 3:
            yield "backup_kind_median_completed_size_bytes", {"backup_kind": kind}, median(sizes[:-1][-7:])


def expected_of_own(own: list[Backup]) -> Said:
    completed = [each for each in own if each.status == "completed"]
    failed = [each.created_at for each in own if each.status == "failed"]
    running = [each.created_at for each in own if each.status == "in-progress"]
    if completed:
        since = max(completed, key=ended).created_at
        yield "backup_failures_since_completed", {}, len([time for time in failed if time > since])
    else:
        yield "backup_failures_since_completed", {}, len(failed)
    if failed:
        yield "backup_last_failed_timestamp_seconds", {}, max(failed).timestamp()
    if running:
        yield "backup_running_since_timestamp_seconds", {}, min(running).timestamp()
    if own:
        newest = max(own, key=lambda each: each.created_at)
        yield "backup_last_attempt_timestamp_seconds", {}, newest.created_at.timestamp()
        for status in STATUSES:
            yield "backup_last_attempt_status", {"status": status}, newest.status == status


def expected_of_latest(completed: list[Backup], now: datetime) -> Said:
    latest = completed[-1]
    yield "backup_last_completed_timestamp_seconds", {}, ended(latest).timestamp()
    yield "backup_last_completed_age_seconds", {}, (now - ended(latest)).total_seconds()
    yield "backup_last_completed_size_bytes", {}, latest.size_bytes or 0
    yield "backup_last_completed_duration_seconds", {}, (ended(latest) - latest.created_at).total_seconds()
    yield "backup_oldest_completed_timestamp_seconds", {}, ended(completed[0]).timestamp()
    labels = {
        "backup_id": latest.id,
        "backup_kind": kind_of(latest),
        "source_type": latest.source_type.value,
        "compression_type": latest.compression.value if latest.compression else "",
        "addon_version": latest.addon_version,
        "destination_id": latest.custom_destination_id or "",
    }
    yield "backup_last_completed_info", labels, 1
    held: dict[str, list[datetime]] = {}
    for each in completed:
        for destination in filter(None, (each.custom_destination_id, *each.additional_destination_ids)):
            held.setdefault(destination, []).append(ended(each))
    for destination, times in held.items():
        labels = {"destination_id": destination}
        yield "backup_destination_last_completed_timestamp_seconds", labels, times[-1].timestamp()
        if len(times) > 3:
            usual = median((later - earlier).total_seconds() for earlier, later in pairwise(times[-8:]))
            yield "backup_destination_median_interval_seconds", labels, usual


@pytest.mark.parametrize("name", BEHAVIOURS)
async def test_every_value_follows_from_what_northflank_holds(simulator: Simulator, now: datetime, name: str) -> None:
    simulator.behaviour = BEHAVIOURS[name]

    values = series(await scraped(watching(simulator), now=now))

    about_addons = {
        each: value
        for each, value in values.items()
        if each.startswith("northflank_addon_") and not each.startswith(MEASURED)
    }
    expected = expected_of_world(simulator.world, now)
    assert about_addons.keys() == expected.keys()
    assert about_addons == pytest.approx(expected, rel=1e-12)


async def test_health_and_limits_follow_from_the_answers(simulator: Simulator, now: datetime) -> None:
    values = series(await scraped(watching(simulator, name="acme"), now=now))

    acme = '{account="acme"}'
    requests = values['northflank_api_requests_total{account="acme",code="200",endpoint="backups"}']
    assert values[f"northflank_up{acme}"] == 1
    assert values[f"northflank_exporter_addons{acme}"] == 13
    assert values['northflank_scrape_addons{account="acme",result="polled"}'] == 13
    assert values['northflank_api_requests_total{account="acme",code="200",endpoint="addon"}'] == 13
    assert simulator.request_count == requests + 13
    assert values['northflank_api_request_duration_seconds_count{account="acme",endpoint="backups"}'] == requests
    assert values[f"northflank_api_rate_limit_requests{acme}"] == 1000
    assert values[f"northflank_api_rate_limit_remaining_requests{acme}"] == 1000 - simulator.request_count
    assert values[f"northflank_api_rate_limit_reset_timestamp_seconds{acme}"] == now.timestamp() + 3600
    assert values[f"northflank_api_clock_skew_seconds{acme}"] == 0
    # The reset counts whole seconds: the window may be one longer than it says.
    assert values[f"northflank_refresh_cycle_seconds{acme}"] == requests / 800 * 3601
    assert f"northflank_token_expiry_timestamp_seconds{acme}" not in values
    data = [value for name, value in values.items() if name.startswith("northflank_addon_data_timestamp_seconds")]
    assert data == [now.timestamp()] * 13


async def test_the_expiry_of_a_token_is_read_from_the_token(simulator: Simulator, now: datetime) -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"exp": 1_800_000_000}).encode()).decode().rstrip("=")
    simulator.token = f"header.{payload}.signature"

    values = series(await scraped(watching(simulator, token=simulator.token), now=now))

    assert values["northflank_up"] == 1
    assert values["northflank_token_expiry_timestamp_seconds"] == 1_800_000_000


async def test_accounts_do_not_disturb_each_other(simulator: Simulator, now: datetime) -> None:
    values = series(
        await scraped(watching(simulator, name="good"), watching(simulator, name="bad", token="wrong"), now=now)
    )

    assert values['northflank_up{account="good"}'] == 1
    assert values['northflank_up{account="bad"}'] == 0
    assert values['northflank_scrape_addons{account="good",result="polled"}'] == 13
    assert values['northflank_scrape_addons{account="bad",result="failed"}'] == 13
    assert values['northflank_poll_errors_total{account="bad",reason="unauthorized"}'] == 13
    assert values['northflank_poll_errors_total{account="good",reason="unauthorized"}'] == 0


async def test_how_far_reading_has_come_counts_failures_too(simulator: Simulator, now: datetime) -> None:
    simulator.faults.inject(Fault.forbidden(), addon="queue")
    async with Exporter(Config(accounts=(watching(simulator),)), now=lambda: now) as exporter:
        before = exporter.progress
        await exporter.scrape(timedelta(minutes=1))
        after = exporter.progress

    assert before == ReadingProgress(read=0, addons=13, requests=0)
    assert after == ReadingProgress(read=13, addons=13, requests=simulator.request_count)


async def test_a_failed_scrape_keeps_the_last_data_while_its_age_grows(now: datetime) -> None:
    clock = [now]
    orders = 'addon_id="orders-db",project_id="shop"'
    async with (
        Simulator(World.demo(1, now), clock=lambda: clock[-1]) as simulator,
        Exporter(Config(accounts=(watching(simulator),)), now=lambda: clock[-1]) as exporter,
    ):
        # So high a limit that even a scrape right after another one may read everything.
        simulator.behaviour = Behaviour(rate_limit=10**9)
        good = series(b"".join(exporter.exposition.text(await exporter.scrape())).decode())
        simulator.faults.inject(Fault.status(503))
        clock.append(now + timedelta(minutes=5))
        bad = series(b"".join(exporter.exposition.text(await exporter.scrape())).decode())

    age = f"northflank_addon_backup_last_completed_age_seconds{{{orders}}}"
    stamp = f"northflank_addon_backup_last_completed_timestamp_seconds{{{orders}}}"
    assert bad[stamp] == good[stamp]
    assert bad[age] == good[age] + 300
    assert bad[f'northflank_addon_poll_error_info{{{orders},reason="server_error"}}'] == 1
    assert bad["northflank_up"] == 0


@pytest.mark.parametrize("name", ["process_start_time_seconds", "python_info", "python_gc_collections_total"])
async def test_metrics_of_the_process_can_be_asked_for_by_name(simulator: Simulator, now: datetime, name: str) -> None:
    text = await scraped(watching(simulator), now=now, names=(name,))

    assert {each.partition("{")[0] for each in series(text)} == {name}


async def test_a_file_holds_nothing_of_the_process(simulator: Simulator, now: datetime) -> None:
    text = await scraped(watching(simulator), now=now, for_file=True)

    assert all(name.startswith("northflank_") for name in series(text))


async def test_queries_are_checked_against_all_that_is_exposed_and_its_labels(
    simulator: Simulator, now: datetime
) -> None:
    text = await scraped(watching(simulator, name="acme"), watching(simulator, name="b", token="wrong"), now=now)

    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert {sample.name for sample in samples} <= set(exported())
    assert all(set(sample.labels) <= exported()[sample.name] for sample in samples)


async def test_promtool_has_no_complaint(simulator: Simulator, now: datetime) -> None:
    promtool = program("promtool", origin="the Debian package prometheus")
    text = await scraped(watching(simulator, name="acme"), watching(simulator, name="b", token="wrong"), now=now)

    checked = subprocess.run(  # noqa: ASYNC221 - nothing else is to happen meanwhile
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


async def test_what_is_known_is_told_without_a_request(simulator: Simulator, now: datetime) -> None:
    account = watching(simulator)
    async with Exporter(Config(accounts=(account,)), now=lambda: now) as exporter:
        before = exporter.known()
        assert (len(before.addons), len(before.accounts), before.exporter.asked_at) == (len(account.addons), 1, None)
        assert simulator.request_count == 0

        scraped = await exporter.scrape()
        requests = simulator.request_count
        known = exporter.known()
        assert known.addons == scraped.addons
        assert known.accounts[0].rate_limit == scraped.accounts[0].rate_limit
        assert known.exporter.asked_at == now
        assert simulator.request_count == requests


async def test_a_probe_counts_as_being_asked(simulator: Simulator, now: datetime) -> None:
    async with Exporter(Config(accounts=(watching(simulator),)), now=lambda: now) as exporter:
        await exporter.probe(exporter.known().addons[0].key, None)
        assert exporter.known().exporter.asked_at == now
