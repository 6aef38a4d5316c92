"""The commands that need no Northflank: a simulated API, alone or with an exporter that reads it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from exporter.api_token import ApiToken
from exporter.app import Exporter, utc_now
from exporter.commands import GOOD
from exporter.config import AccountConfig, AddonEntry, CollectConfig, Config
from exporter.listen import ListenAddress
from exporter.output import write_output
from exporter.serve import CannotListen, bound, serving, stop_signals
from exporter.simulator import ANY_PORT, Simulator, World

log = logging.getLogger(__name__)

MAX_AGE = timedelta(hours=26)
"""A daily backup and two hours for it to run."""

SCRAPE_INTERVAL = timedelta(minutes=1)
"""How often the demo does what Prometheus would."""


async def simulate(address: ListenAddress, *, token: str, seed: int, speed: float) -> int:
    """Run the simulator alone until a signal; raises CannotListen."""
    with stop_signals() as stop:
        async with _simulator(address, token=token, seed=seed, speed=speed) as simulator:
            log.info("Listening", extra={"address": simulator.address})
            write_output(f"NORTHFLANK_API_TOKEN={token}\n".encode())
            await stop.wait()
    return GOOD


async def demo(addresses: Sequence[ListenAddress], telemetry_path: str, *, seed: int) -> int:
    """Run the simulator and an exporter that reads it over real HTTP; raises CannotListen.

    No Prometheus need be there: it is scraped once before it tells its addresses, so that none of them shows nothing,
    and every minute from then on.
    """
    token = "demo"  # noqa: S105 - the simulator's, it opens nothing
    with stop_signals() as stop, bound(addresses) as sockets:
        async with (
            _simulator(ANY_PORT, token=token, seed=seed, speed=1.0) as simulator,
            Exporter(demo_config(simulator, token)) as exporter,
            serving(exporter, sockets, telemetry_path=telemetry_path) as served,
        ):
            await exporter.scrape_in_time(None)
            lines = [
                f"Simulated Northflank API: {simulator.url}",
                *(f"Metrics: http://{address.reachable}{telemetry_path}" for address in served),
                *(f"Status page: http://{address.reachable}/" for address in served if telemetry_path != "/"),
                "Stop with Ctrl-C.",
            ]
            write_output("\n".join([*lines, ""]).encode())
            await scraped_until(stop, exporter, every=SCRAPE_INTERVAL)
    return GOOD


async def scraped_until(stop: asyncio.Event, exporter: Exporter, *, every: timedelta) -> None:
    """Scrape as Prometheus would, until it is to stop."""
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every.total_seconds())
            return
        await exporter.scrape_in_time(None)


@asynccontextmanager
async def _simulator(address: ListenAddress, *, token: str, seed: int, speed: float) -> AsyncIterator[Simulator]:
    simulator = Simulator(World.demo(seed, utc_now()), address=address, token=token, speed=speed)
    try:
        await simulator.start()
    except OSError as error:
        raise CannotListen.on(address, error) from error
    try:
        yield simulator
    finally:
        await simulator.close()


def demo_config(simulator: Simulator, token: str) -> Config:
    """Watch everything that the simulated account has."""
    # One project with a limit of its own; of the others, each addon's schedules tell.
    entries = (AddonEntry(project="shop", addon="*", max_age=MAX_AGE), AddonEntry(project="*", addon="*"))
    account = AccountConfig(api_url=simulator.url, token=ApiToken.literal(token), addons=entries)
    return Config(accounts=(account,), collect=CollectConfig(restores=timedelta(hours=6)))
