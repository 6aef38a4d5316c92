"""Views to HTML, through Jinja's templates; whatever others wrote is escaped there, and made visible."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from exporter.exposition import Snapshot
from exporter.model import AddonKey
from exporter.pages import drawing, words
from exporter.pages.addon import addon_view
from exporter.pages.fleet import SILENT_AFTER, fleet_view, title_of, told_in_table
from exporter.pages.query import Query, addon_url
from exporter.pages.turns import in_turns
from exporter.poll_log import Reading
from exporter.verdict import NEAR
from exporter.wording import counted, plain, size, span, utc

DOCS = "https://github.com/northflank-backup-exporter/northflank-backup-exporter/blob/main"
"""Where the documentation stands, the runbooks too."""

_SAID_OF_READINGS = {
    Reading.WHOLE: "read to its end",
    Reading.NEWEST: "newest part read, the rest is known",
    Reading.UNCHANGED: "nothing has changed",
}
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page has around what it shows; `host` and `scheme` are what the exporter was asked as.

    What is inline is only obeyed where it has the answer's `nonce`.
    """

    nonce: str
    version: str
    telemetry_path: str
    host: str
    scheme: str


def fleet_page(snapshot: Snapshot, query: Query, frame: Frame) -> str:
    """Write the page of all addons."""
    return _environment().get_template("fleet.html").render(view=fleet_view(snapshot, query), frame=frame)


def addon_page(snapshot: Snapshot, key: AddonKey, frame: Frame) -> str:
    """Write the page of one addon, which the snapshot holds."""
    state = next(each for each in snapshot.addons if each.key == key)
    account = next((each for each in snapshot.accounts if each.name == key.account), None)
    api_now = snapshot.times.get(key.account, snapshot.now)
    view = addon_view(state, account, now=snapshot.now, api_now=api_now, asked_at=snapshot.exporter.asked_at)
    return _environment().get_template("addon.html").render(view=view, frame=frame)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_finalised,
    )
    environment.filters |= {
        "span": span,
        "size": size,
        "counted": counted,
        "minute": words.minute,
        "second": words.second,
        "utc": utc,
        "relative": words.relative,
        "briefly": words.briefly,
        "sentence": words.sentence,
        "plain": plain,
        "severity": title_of,
        "told_in_table": told_in_table,
        "addon_url": addon_url,
        "in_turns": in_turns,
        "spark": drawing.spark,
    }
    environment.globals |= {
        "dash": words.NONE,
        "gauge": drawing.gauge,
        "lane_height": drawing.LANE_HEIGHT,
        "spark_height": drawing.SPARK_HEIGHT,
        "near": NEAR,
        "silent_after": SILENT_AFTER,
        "said_of_readings": {reading.value: text for reading, text in _SAID_OF_READINGS.items()},
        "docs": DOCS,
        "inline": _inline,
    }
    return environment


def _finalised(value: object) -> object:
    # Markup is what the templates themselves have made.
    return words.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _inline(name: str) -> Markup:
    """Give one of our own files to stand in the page."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 - it is ours
