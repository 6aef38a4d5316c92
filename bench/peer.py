"""The API's side of a measurement, in a process of its own: every answer takes the given latency."""

import argparse
import asyncio
from datetime import UTC, datetime

import aiohttp

from exporter.simulator import Behaviour, Fault, Simulator, World


async def serve(*, addons: int, backups: int, latency: float) -> None:
    """Serve a uniform world, print its address, and go on until killed."""
    world = World.uniform(addons=addons, backups=backups, seed=1, now=datetime.now(UTC))
    async with Simulator(world, behaviour=Behaviour(rate_limit=10**9)) as simulator:
        await read_all(simulator.url, world)
        simulator.faults.inject(Fault.delay(latency))
        print(simulator.url, flush=True)  # noqa: T201 - what the measuring process waits for
        await asyncio.Event().wait()


async def read_all(url: str, world: World) -> None:
    """Read every list once: making an answer for the first time costs the simulator more than any other."""
    headers = {"Authorization": "Bearer demo", "Accept-Encoding": "gzip"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for project in world.projects:
            for addon in world.addons(project.id):
                path = f"/v1/projects/{project.id}/addons/{addon.id}/backups?per_page=100"
                async with session.get(url + path) as answer:
                    await answer.read()


def main() -> None:
    """Read the size of the world from the command line."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--addons", type=int, required=True)
    parser.add_argument("--backups", type=int, required=True)
    parser.add_argument("--latency", type=float, required=True, help="seconds")
    options = parser.parse_args()
    asyncio.run(serve(addons=options.addons, backups=options.backups, latency=options.latency))


if __name__ == "__main__":
    main()
