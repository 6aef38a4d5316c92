"""The documentation as text: pages, their sections, and the blocks between fences."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.process import ROOT

FIRST_PAGES = ("README.md", "SECURITY.md", "ARCHITECTURE.md", "CHANGELOG.md")
PAGES = [*(ROOT / name for name in FIRST_PAGES), *sorted((ROOT / "docs").glob("*.md")), ROOT / "deploy" / "README.md"]

_FENCE = re.compile(r"(?P<indent> *)```(?P<language>\w*)")
_HEADING = re.compile(r"#{1,6} (?P<title>.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What stands between two fences; `heading` is the one it stands below, `line` that of the first fence."""

    page: Path
    heading: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def read(page: Path) -> str:
    """Give the page's text."""
    return page.read_text(encoding="utf-8")


def blocks(*languages: str, pages: list[Path] | None = None) -> Iterator[Block]:
    """Give the blocks of these languages, page by page."""
    for page in PAGES if pages is None else pages:
        yield from (block for block in _blocks(page) if block.language in languages)


def _blocks(page: Path) -> Iterator[Block]:
    heading, opened, said = "", None, list[str]()
    for number, line in enumerate(read(page).splitlines(), start=1):
        fence = _FENCE.fullmatch(line)
        if opened is None:
            title = _HEADING.fullmatch(line)
            heading = title["title"] if title else heading
            if fence:
                opened, said = (number, fence), []
        elif fence and not fence["language"]:
            first, begun = opened
            text = "".join(f"{each.removeprefix(begun['indent'])}\n" for each in said)
            yield Block(page=page, heading=heading, line=first, language=begun["language"], text=text)
            opened = None
        else:
            said.append(line)
    assert opened is None, f"{page}: a fence is left open"


def without_blocks(page: Path) -> str:
    """Give the page's prose: its text with nothing between fences."""
    return re.sub(r"^( *)```\w*\n.*?^\1```$", "", read(page), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for title in re.findall(r"^#{1,6} (.+)$", without_blocks(page), re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        further = (f"{slug}-{number}" for number in range(1, 100))
        found.add(slug if slug not in found else next(each for each in further if each not in found))
    return found
