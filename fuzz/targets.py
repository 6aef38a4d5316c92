"""Every target of the fuzzer, by name."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from fuzz import accept, configuration, listen, schedule, webconfig, wire


@dataclass(frozen=True, slots=True)
class Target:
    """What is tried with a fuzzer's bytes, an AssertionError where a property does not hold; and where to begin."""

    attempt: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]

    def run(self, data: bytes) -> None:
        """Try some bytes; a warning is a failure, too, since nobody would see it."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.attempt(data)


TARGETS: Mapping[str, Target] = {
    "wire": Target(wire.run, wire.seeds),
    "configuration": Target(configuration.run, configuration.seeds),
    "schedule": Target(schedule.run, schedule.seeds),
    "accept": Target(accept.run, accept.seeds),
    "listen": Target(listen.run, listen.seeds),
    "webconfig": Target(webconfig.run, webconfig.seeds),
}
