"""Takes the pictures of the exporter's own pages (`make screenshots`): into docs/images/, or the folder given.

They show the demo account at a fixed moment, so that only a change of the pages changes them. Wants Chromium
(`CHROMIUM` says where).
"""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.async_api import Browser, async_playwright

from exporter.app import Exporter
from exporter.demo import demo_config
from exporter.listen import ListenAddress
from exporter.serve import bound, serving
from exporter.simulator import ANY_PORT, Simulator, World

PICTURES = Path(__file__).parents[1] / "docs" / "images"
MOMENT = datetime(2026, 6, 15, 3, 4, tzinfo=UTC)
SEED = 1
SCRAPES = 6
COLOURS = 256
FOLD = 960
"""So much of the page shows every kind of trouble, and leaves room for words beside it in the README."""
CARTS = "/addon?project=shop&addon=carts-db"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture of a path; `height` is that of the window where the whole page would be too long."""

    name: str
    path: str = "/"
    width: int = 1280
    height: int | None = None
    scale: float = 1.5
    scheme: Literal["light", "dark"] = "light"


ALL = (
    Picture(name="status-page", height=FOLD),
    Picture(name="status-page-dark", height=FOLD, scheme="dark"),
    Picture(name="status-page-addon", path=CARTS, height=900),
    Picture(name="status-page-phone", width=360, height=1000),
)


async def main(folder: Path) -> None:
    """Take them."""
    async with _demo() as url, async_playwright() as playwright:
        program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        for picture in ALL:
            await _take(browser, url, picture, folder)
        await browser.close()
    sys.stdout.write(f"Pictures: {folder}\n")


@asynccontextmanager
async def _demo() -> AsyncIterator[str]:
    """Serve the demo as it is at the moment, scraped once a minute until then; gives the address."""
    now = MOMENT - timedelta(minutes=SCRAPES)
    token = "demo"  # noqa: S105 - the simulator's, it opens nothing

    def clock() -> datetime:
        return now

    simulator = Simulator(World.demo(SEED, now), address=ANY_PORT, token=token, clock=clock)
    with bound([ListenAddress("127.0.0.1", 0)]) as sockets:
        async with (
            simulator,
            Exporter(demo_config(simulator, token), now=clock) as exporter,
            serving(exporter, sockets, telemetry_path="/metrics") as served,
        ):
            for _ in range(SCRAPES):
                await exporter.scrape()
                now += timedelta(minutes=1)
            now -= timedelta(seconds=23)
            yield f"http://{served[0].reachable}"


async def _take(browser: Browser, url: str, picture: Picture, folder: Path) -> None:
    context = await browser.new_context(
        viewport={"width": picture.width, "height": picture.height or 800},
        device_scale_factor=picture.scale,
        color_scheme=picture.scheme,
    )
    page = await context.new_page()
    await page.goto(url + picture.path)
    path = folder / f"{picture.name}.png"
    await page.screenshot(path=path, full_page=picture.height is None)
    await context.close()
    with Image.open(path) as taken:
        fewer = _with_fewer_colours(taken.convert("RGB"))
    fewer.save(path, optimize=True)


def _with_fewer_colours(picture: Image.Image) -> Image.Image:
    """Keep the colours of the most pixels exactly as they are; what is left are the edges of letters."""
    pixels = picture.tobytes()
    colours = list(zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True))
    counted = Counter(colours)
    kept = [colour for colour, _ in counted.most_common(COLOURS)]
    places = {colour: _nearest(colour, kept) for colour in counted}
    fewer = Image.frombytes("P", picture.size, bytes(places[colour] for colour in colours))
    fewer.putpalette([part for colour in kept for part in colour])
    return fewer


def _nearest(colour: tuple[int, ...], kept: list[tuple[int, int, int]]) -> int:
    distances = [sum((one - other) ** 2 for one, other in zip(colour, each, strict=True)) for each in kept]
    return distances.index(min(distances))


if __name__ == "__main__":
    target = Path(sys.argv[1]).absolute() if sys.argv[1:] else PICTURES
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target))
