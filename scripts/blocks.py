"""The parts of a page that are generated, between two comments that say so."""

import re


def filled(page: str, name: str, text: str) -> str:
    """Give the page with the text in the block of that name; raises ValueError where there is not exactly one."""
    block = re.compile(rf"(<!-- {name}: begin[^\n]*-->\n).*?(<!-- {name}: end -->)", re.DOTALL)
    page, count = block.subn(lambda found: f"{found[1]}{text}\n{found[2]}", page)
    if count != 1:
        raise ValueError(f"{count} blocks are named {name}")
    return page
