"""`status`: one poll, told to people, to programs and to Nagios."""

import json
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exporter.simulator import Fault, Simulator, World
from exporter.simulator.routes import Endpoint
from tests.documented import validated
from tests.in_terminal import seen
from tests.process import eventually, run, running, write_config
from tests.troubled import MAX_AGE, troubled_world

ILL = ("failing-db", "never-db", "overdue-db", "stuck-db")


@pytest.fixture
def now() -> datetime:
    """Give the moment at which the simulated world stands still: the exporter knows no other than the real one."""
    return datetime.now(UTC)


@pytest.fixture
async def troubled(now: datetime) -> AsyncIterator[Simulator]:
    """Serve an account in which addons have one trouble each."""
    async with Simulator(troubled_world(now), clock=lambda: now) as simulator:
        yield simulator


def configured(folder: Path, simulator: Simulator, *addons: str, max_age: str = MAX_AGE) -> str:
    path = write_config(folder, simulator.url, [f"shop/{addon}" for addon in addons])
    config = json.loads(path.read_text())
    for entry in config["accounts"][0]["addons"]:
        entry["max_age"] = max_age
    path.write_text(json.dumps(config))
    return f"--config.file={path}"


def environment(simulator: Simulator) -> dict[str, str]:
    return {"NORTHFLANK_API_TOKEN": simulator.token, "NORTHFLANK_API_URL": simulator.url}


async def test_all_is_well(tmp_path: Path, troubled: Simulator) -> None:
    ended = await run("status", configured(tmp_path, troubled, "orders-db", "catalog-db"), cwd=tmp_path)

    assert (ended.code, ended.stderr) == (0, "")
    first, _, title, *rows, _, last = ended.stdout.splitlines()
    assert first == (
        "OK: none of 2 addons needs attention"
        " | addons=2;;;0 critical=0;;;0;2 warning=0;;;0;2 unknown=0;;;0;2 ok=2;;;0;2"
    )
    assert title.startswith("STATUS  ADDON")
    assert [row.split()[:2] for row in rows] == [["OK", "shop/orders-db"], ["OK", "shop/catalog-db"]]
    assert last.startswith("1 account, ")
    assert "\x1b" not in ended.stdout


@pytest.mark.parametrize(
    ("addon", "code", "why"),
    [
        ("never-db", 2, "never completed a backup, or none is left"),
        ("overdue-db", 2, "no completed backup for "),
        ("failing-db", 2, " ago, has failed"),
        ("stuck-db", 2, "a backup has been running for "),
        ("paused-db", 0, "paused: no backup is expected"),
        ("missing-db", 3, "could not be read: not found"),
    ],
)
async def test_the_exit_code_tells_how_it_fares(
    tmp_path: Path, troubled: Simulator, *, addon: str, code: int, why: str
) -> None:
    ended = await run("status", configured(tmp_path, troubled, "orders-db", addon), cwd=tmp_path)

    assert ended.code == code
    assert ended.stdout.startswith({0: "OK: ", 2: "CRITICAL: ", 3: "UNKNOWN: "}[code])
    (row,) = (line for line in ended.stdout.splitlines() if f" shop/{addon} " in line)
    assert why in row


async def test_an_age_near_its_limit_is_a_warning(tmp_path: Path, troubled: Simulator) -> None:
    first = await run("status", "--json", configured(tmp_path, troubled, "orders-db"), cwd=tmp_path)
    age = json.loads(first.stdout)["addons"][0]["age_seconds"]
    config = configured(tmp_path, troubled, "orders-db", max_age=f"{age / 0.9:.0f}s")

    ended = await run("status", config, cwd=tmp_path)

    assert (first.code, ended.code) == (0, 1)
    assert ended.stdout.startswith("WARNING: none of 1 addon needs attention; 1 is near its limit | ")


async def test_what_cannot_be_listed_is_not_known(tmp_path: Path, troubled: Simulator) -> None:
    troubled.faults.inject(Fault.status(500), endpoint=Endpoint.ADDONS)

    ended = await run("status", cwd=tmp_path, environment=environment(troubled))

    assert ended.code == 3
    first, second, *_ = ended.stdout.splitlines()
    assert first.startswith("UNKNOWN: no addon is known; not everything is listed | ")
    assert second == "UNKNOWN  the account: not everything could be listed, so there may be addons that nobody watches"


async def test_the_json_is_as_documented(tmp_path: Path, troubled: Simulator) -> None:
    troubled.faults.inject(Fault.forbidden(), addon="paused-db")
    config = configured(tmp_path, troubled, "orders-db", "catalog-db", "paused-db", *ILL)

    ended = await run("status", "--json", config, cwd=tmp_path)

    told = validated(ended.stdout, "status")
    assert (ended.code, told["exit_code"], told["severity"]) == (2, 2, "critical")
    assert told["counts"] == {
        "addons": 7, "need_attention": 4, "critical": 4, "warning": 0, "unknown": 1, "ok": 2,
    }  # fmt: skip
    assert told["requests"] == troubled.request_count
    by_addon = {addon["addon_id"]: addon for addon in told["addons"]}
    assert list(by_addon) == [
        "never-db", "overdue-db", "failing-db", "stuck-db", "paused-db", "orders-db", "catalog-db",
    ]  # fmt: skip
    assert by_addon["paused-db"]["error"] == "forbidden"
    assert by_addon["orders-db"]["max_age_seconds"] == timedelta(hours=36).total_seconds()
    assert by_addon["never-db"]["last_completed_at"] is None
    assert [concern["kind"] for concern in by_addon["stuck-db"]["concerns"]] == ["stuck"]


async def test_the_json_of_a_token_that_is_rejected_is_as_documented(tmp_path: Path, troubled: Simulator) -> None:
    config = configured(tmp_path, troubled, "orders-db", "catalog-db")
    (tmp_path / "token").write_text("made-up-token-of-nobody")

    ended = await run("status", "--json", config, cwd=tmp_path)

    told = validated(ended.stdout, "status")
    assert (ended.code, told["severity"]) == (3, "unknown")
    assert told["accounts"][0]["reachable"] is False
    assert {addon["error"] for addon in told["addons"]} == {"unauthorized"}
    assert "made-up-token" not in ended.stdout + ended.stderr


async def test_an_interruption_is_unknown_to_nagios(tmp_path: Path, troubled: Simulator) -> None:
    troubled.faults.inject(Fault.hang())

    async with running("status", configured(tmp_path, troubled, "orders-db"), cwd=tmp_path) as command:
        await eventually(lambda: troubled.in_flight > 0)
        command.signal(signal.SIGTERM)
        ended = await command.end()

    assert (ended.code, ended.stdout) == (3, "")


async def test_a_terminal_sees_progress_and_a_coloured_table(tmp_path: Path, troubled: Simulator) -> None:
    saw = await seen("status", configured(tmp_path, troubled, "orders-db", *ILL), cwd=tmp_path)

    assert saw.code == 2
    assert "/5 addons, " in saw.text, "progress"
    assert "CRITICAL: 4 of 5 addons need attention\n" in saw.text
    assert "\x1b[1;31mCRITICAL\x1b[0m" in saw.raw
    shown = saw.text[saw.text.index("STATUS ") :].splitlines()
    assert max(map(len, shown)) <= 80
    assert shown[1].startswith("CRITICAL  shop/never-db    never              never completed a backup")


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
async def test_who_wants_no_colours_sees_none(tmp_path: Path, troubled: Simulator, environment: dict[str, str]) -> None:
    config = configured(tmp_path, troubled, "never-db")

    saw = await seen("status", config, cwd=tmp_path, environment=environment, columns=120)

    assert saw.code == 2
    table = saw.raw[saw.raw.index("CRITICAL: ") :]
    assert "\x1b" not in table
    assert "\x1b[3" not in saw.raw, "a colour"
    assert "LATEST" in table


async def test_log_lines_stay_whole_beside_the_progress(tmp_path: Path, troubled: Simulator) -> None:
    troubled.faults.inject(Fault.forbidden(), addon="never-db")

    saw = await seen("status", configured(tmp_path, troubled, "never-db"), cwd=tmp_path, columns=300)

    assert saw.code == 3
    (line,) = (line for line in saw.text.splitlines() if "Addon cannot be read" in line)
    assert " reason=forbidden " in line
    assert "addons, " not in line


async def test_the_demo_is_told_in_words(tmp_path: Path, now: datetime) -> None:
    async with Simulator(World.demo(1, now), clock=lambda: now) as simulator:
        ended = await run("status", cwd=tmp_path, environment=environment(simulator))

    assert ended.code == 2
    assert ended.stdout.startswith("CRITICAL: ")
    rows = {line.split()[1]: line for line in ended.stdout.splitlines()[3:-2]}
    assert len(rows) == 13
    assert "backups have failed since one completed" in rows["shop/carts-db"]
    assert "of the usual" in rows["shop/search-db"]
    assert "a backup has been running for " in rows["analytics/warehouse"]
    assert rows["intranet/crm-db"].startswith("OK ")
