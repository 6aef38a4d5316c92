"""What tokens see, as a table."""

from collections.abc import Mapping

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from exporter.discovered import FoundAccount
from exporter.model import ListedAddon
from exporter.terminal.harmless import harmless
from exporter.terminal.screen import Screen

_NONE = "-"
_TAGS_SINCE = 100


def found_table(accounts: Mapping[str, FoundAccount], screen: Screen) -> RenderableType:
    """Show every addon of every account, in the order in which they were listed."""
    has_accounts = any(accounts)
    has_tags = screen.width >= _TAGS_SINCE
    titles = [*(["ACCOUNT"] if has_accounts else []), "PROJECT", "ADDON", "TYPE", "STATUS", "NAME"]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in [*titles, *(["TAGS"] if has_tags else [])]:
        table.add_column(Text(title), overflow="fold")
    for name, account in accounts.items():
        for project_id, addons in account.projects.items():
            for addon in addons:
                cells = [*([name] if has_accounts else []), project_id, addon.id, addon.type, addon.status, addon.name]
                tags = [", ".join(addon.tags)] if has_tags else []
                table.add_row(*(Text(harmless(cell) or _NONE, style=_style(addon)) for cell in [*cells, *tags]))
    return table


def _style(addon: ListedAddon) -> str:
    return "dim" if addon.is_paused else ""
