"""The commands whose answers are for people in a terminal, or for the programs that they use: status and discover."""

import logging
import sys
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from rich.text import Text

from exporter.app import Exporter
from exporter.commands import FAILURE, GOOD
from exporter.config import AddonEntry, Config
from exporter.discovered import FoundAccount, as_yaml
from exporter.documents import discover_document, status_document, written
from exporter.exposition import Snapshot
from exporter.nagios import State, state_of, status_line
from exporter.output import write_output
from exporter.serve import cancelling_signals
from exporter.terminal.fleet import account_lines, fleet_table
from exporter.terminal.found import found_table
from exporter.terminal.progress import progress
from exporter.terminal.screen import STYLES, Screen, rendered, screen_of
from exporter.verdict import Severity, Verdict, judge
from exporter.wording import counted, utc

log = logging.getLogger(__name__)

_STYLES_OF_STATES = {
    State.OK: STYLES[Severity.OK],
    State.WARNING: STYLES[Severity.WARNING],
    State.CRITICAL: STYLES[Severity.CRITICAL],
    State.UNKNOWN: STYLES[Severity.UNKNOWN],
}


class Form(StrEnum):
    """In which form `discover` tells what it has found."""

    TABLE = "table"
    YAML = "yaml"
    JSON = "json"


async def status(config: Config, *, as_json: bool) -> int:
    """Poll everything once and tell how it fares; gives a plugin's exit code; raises CannotWrite."""
    with cancelling_signals():
        async with Exporter(config, for_file=True) as exporter:
            async with progress(lambda: exporter.progress):
                snapshot = await exporter.scrape()
            requests = exporter.progress.requests
    verdict = judge(snapshot.addons, snapshot.accounts, now=snapshot.now, times=snapshot.times)
    state = state_of(verdict)
    if as_json:
        document = status_document(verdict, snapshot.accounts, exit_code=state.value, requests=requests)
        write_output(written(document))
    else:
        write_output(_status_text(verdict, snapshot, requests, screen_of(sys.stdout)))
    return state.value


def _status_text(verdict: Verdict, snapshot: Snapshot, requests: int, screen: Screen) -> bytes:
    state = state_of(verdict)
    first = Text.assemble((state.name, _STYLES_OF_STATES[state]), f": {verdict.sentence}")
    if not screen.is_terminal:
        first = Text(status_line(verdict))
    parts = [first, *account_lines(verdict)]
    if verdict.rows:
        parts += [Text(), fleet_table(verdict, screen), Text()]
    ending = f"{counted(len(snapshot.accounts), 'account')}, {counted(requests, 'request')}, {utc(verdict.now)}"
    return rendered(*parts, Text(ending, style="dim"), screen=screen)


async def discover(config: Config, form: Form | None) -> int:
    """Tell what the tokens can see, in this form; raises CannotWrite.

    Without one it is a table for who looks at it, and otherwise a configuration to paste.
    """
    everything = (AddonEntry(project="*", addon="*"),)
    accounts = tuple(replace(account, addons=everything) for account in config.accounts)
    with cancelling_signals():
        async with (
            Exporter(replace(config, accounts=accounts), for_file=True) as exporter,
            progress(lambda: exporter.progress),
        ):
            is_whole, found = await exporter.discovered()
    screen = screen_of(sys.stdout)
    write_output(_told(found, form or (Form.TABLE if screen.is_terminal else Form.YAML), screen, is_whole=is_whole))
    if not is_whole:
        log.error("Not everything could be listed")
    return GOOD if is_whole else FAILURE


def _told(found: Mapping[str, FoundAccount], form: Form, screen: Screen, *, is_whole: bool) -> bytes:
    if form is Form.YAML:
        return as_yaml(found).encode()
    if form is Form.JSON:
        return written(discover_document(found, is_whole=is_whole))
    addons = sum(len(list(addons)) for account in found.values() for addons in account.projects.values())
    projects = sum(len(account.projects) for account in found.values())
    accounts = counted(len(found), "account")
    ending = f"{counted(addons, 'addon')} in {counted(projects, 'project')} of {accounts}"
    hint = "discover --yaml writes a configuration that watches them"
    return rendered(
        found_table(found, screen), Text(), Text(ending), *([Text(hint, style="dim")] if addons else []), screen=screen
    )
