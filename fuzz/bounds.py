"""How much time reading something may take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

CPU_SECONDS = 5.0
"""Of this process, for one input: a hundred times what any takes, under a fuzzer that traces every line, too."""


@contextmanager
def bounded(what: object, allowed: float = CPU_SECONDS) -> Iterator[None]:
    """Fail where the block takes more seconds of the processor; what others do on this machine does not count."""
    begun = time.process_time()
    yield
    taken = time.process_time() - begun
    assert taken <= allowed, f"{taken:.1f} s of the processor, for {str(what)[:200]!r}"
