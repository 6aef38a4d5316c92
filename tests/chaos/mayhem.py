"""Deals out faults in an order that a seed decides, and takes them back."""

import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from exporter.simulator.behaviour import Behaviour, Blank, BodyFormat, LastCursor, ListOrder, ResetFormat, RetryAfter
from exporter.simulator.faults import FaultKind, Injection
from exporter.simulator.routes import Endpoint, Route
from tests.chaos.illnesses import ILLNESSES, Illness, Upset
from tests.chaos.lab import Addon, Lab

BEHAVIOURS: dict[str, tuple[Any, ...]] = {
    "order": tuple(ListOrder),
    "completed_at": tuple(Blank),
    "size": tuple(Blank),
    "uids": (True, False),
    "times_with_space": (False, True),
    "last_cursor": tuple(LastCursor),
    "schedules_paginated": (False, True),
    "permission_status": (401, 403),
    "rate_limit": (1000, 2000),
    "rate_limit_headers": (True, False),
    "rate_limit_reset": tuple(ResetFormat),
    "rate_limited_body": tuple(BodyFormat),
    "retry_after": tuple(RetryAfter),
}
"""What each switch of the simulator can be set to."""

UNCHANGED = {"sources", "rate_limit_window_seconds"}
"""Without sources a backup's kind is another; the window is an hour, by which it is known when a limit ends."""

PAGED = timedelta(days=1)
"""How long a short list may be taken for one that comes in pages, after it did: a full listing tells, every six hours.

Where much goes wrong, those come later.
"""

_REMEMBERED = timedelta(days=2)
_WINDOW = timedelta(seconds=3610)
_LISTINGS = (Endpoint.PROJECTS, Endpoint.ADDONS, Endpoint.ADDON, Endpoint.SCHEDULES, Endpoint.RESTORES)
_PATIENT_SECONDS = 8.0

Lift = Callable[[], Awaitable[None]]
Deal = Callable[[int], Awaitable["Trouble"]]


@dataclass(slots=True, kw_only=True)
class Trouble:
    """Something that is wrong until step `until`; `everywhere` is what every addon is marked with meanwhile."""

    name: str
    until: int
    lift: Lift
    upsets: frozenset[Upset] = frozenset()
    everywhere: str = ""


@dataclass(slots=True, kw_only=True)
class Garbled:
    """Which item of an addon's list could not be read, from when to when, and how the list was ordered."""

    addon: Addon
    item: int
    is_sure: bool
    behaviour: Behaviour
    since: datetime
    until: datetime = datetime(2100, 1, 1, tzinfo=UTC)


class Mayhem:
    """What is wrong at the moment, and what is dealt next."""

    def __init__(self, lab: Lab, seed: int) -> None:
        self.lab = lab
        self.troubles: list[Trouble] = []
        self.dealt: Counter[str] = Counter()
        self.kinds: Counter[FaultKind] = Counter()
        self.told: deque[str] = deque(maxlen=12)
        self.garbled: list[Garbled] = []
        self.upsets_before: set[Upset] = set()
        self.clock_set_at = lab.clocks.northflank()
        self.paged_until = datetime.min.replace(tzinfo=UTC)
        self._random = random.Random(seed)
        self._limited_until = timedelta()
        self._illness: dict[int, Illness] = {}
        self._deck: list[Deal] = []
        self._returned: set[Addon] = set()
        self._tokens = 0

    # What is wrong.

    @property
    def upsets(self) -> set[Upset]:
        found = {upset for trouble in self.troubles for upset in trouble.upsets}
        if self.lab.clocks.passed < self._limited_until:
            found.add(Upset.QUOTA)
        return found

    @property
    def everywhere(self) -> set[str]:
        return {trouble.everywhere for trouble in self.troubles} - {""}

    @property
    def unsure(self) -> set[Addon]:
        """Give the addons of which nobody can say what they meet: it ends after some requests, or they are new."""
        limited = {addon for addon in self.lab.addons if any(each.remaining is not None for each in self._at(addon))}
        return limited | self._returned

    def reason(self, addon: Addon) -> str:
        """Give what a poll of an addon is marked with now, empty where it is well; delays add up."""
        delays = (each.fault.seconds for each in self._at(addon) if each.fault.kind is FaultKind.DELAY)
        if sum(delays) > _PATIENT_SECONDS:
            return "timeout"
        met = self._met(addon)
        return "" if met is None else self._illness[id(met)].reason

    def is_touched(self, route: Route) -> bool:
        """Tell whether anything befalls requests to a route now."""
        return any(each.matches(route) for each in self.lab.simulator.faults._injections)

    def _at(self, addon: Addon) -> list[Injection]:
        return [each for each in self.lab.simulator.faults._injections if each.matches(backups_of(addon))]

    def _met(self, addon: Addon) -> Injection | None:
        """Give the fault that counts: the oldest that is no delay."""
        return next((each for each in self._at(addon) if each.fault.kind is not FaultKind.DELAY), None)

    def _note_garbled(self) -> None:
        now, behaviour = self.lab.clocks.northflank(), self.lab.simulator.behaviour
        if behaviour.order is ListOrder.OLDEST_FIRST or Upset.LONG in self.upsets:
            self.paged_until = now + PAGED
        self.garbled = [each for each in self.garbled if now - each.until < _REMEMBERED]
        for garbled in self.garbled:
            garbled.until = min(garbled.until, now)
        for addon in self.lab.addons:
            met = self._met(addon)
            for each in self._at(addon):
                # What ends after some requests may make room for the next one.
                if each.fault.kind is FaultKind.PATCH and (each is met or (met and met.remaining is not None)):
                    is_sure = each is met and each.remaining is None
                    self.garbled.append(
                        Garbled(addon=addon, item=each.fault.item, is_sure=is_sure, behaviour=behaviour, since=now)
                    )

    # Dealing.

    async def step(self, number: int) -> None:
        """Take back what has lasted long enough, now and then everything; then deal."""
        self.begin()
        is_calm = self._random.random() < 1 / 6
        for trouble in tuple(self.troubles):
            if trouble.until <= number or is_calm:
                await self.lift(trouble)
        for _ in range(0 if is_calm else self._random.choice((0, 1, 1, 2))):
            await self._deal(number)
        self._note_garbled()

    def begin(self) -> None:
        """Note how things stand before anything changes."""
        self.upsets_before = self.upsets
        self._returned.clear()
        self._note_garbled()

    async def lift(self, trouble: Trouble) -> None:
        """Put one thing right; a limit is known anew within an hour."""
        self.troubles.remove(trouble)
        await trouble.lift()
        if Upset.QUOTA in trouble.upsets:
            self._limited_until = max(self._limited_until, self.lab.clocks.passed + _WINDOW)

    async def _deal(self, number: int) -> None:
        if not self._deck:
            self._deck = [*self._faults(), *self._mishaps()]
            self._random.shuffle(self._deck)
        trouble = await self._deck.pop()(number + self._random.randint(1, 3))
        self.troubles.append(trouble)
        self.dealt[trouble.name] += 1
        self.told.append(f"step {number}: {trouble.name} until {trouble.until}")

    def _faults(self) -> Iterator[Deal]:
        for illness in ILLNESSES:
            for scope in ("addon", "times") if illness.is_for_one else ("addon", "times", "project", "all", "listing"):
                yield partial(self._inject, illness, scope)

    async def _inject(self, illness: Illness, scope: str, until: int) -> Trouble:
        project, addon = self._random.choice(self.lab.addons)
        faults = self.lab.simulator.faults
        injection = faults.inject(
            illness.fault,
            project=None if scope in {"all", "listing"} else project,
            addon=addon if scope in {"addon", "times"} else None,
            endpoint=self._random.choice(_LISTINGS if scope == "listing" else (None, Endpoint.BACKUPS)),
            # Nobody knows beforehand who meets it, and whether once more.
            times=self._random.randint(1, 3) if scope == "times" else None,
        )
        self._illness[id(injection)] = illness
        self.kinds[illness.fault.kind] += 1

        async def lift() -> None:
            faults.remove(injection)
            del self._illness[id(injection)]

        return Trouble(name=f"{illness.name} for {scope}", until=until, upsets=illness.upsets, lift=lift)

    def _mishaps(self) -> Iterator[Deal]:
        yield from (self._reject_token, self._go_down, self._spend, self._remove_addon, self._heal_addon, self._reload)
        yield from (self._skew,) * 4
        yield from (self._behave,) * 12

    async def _reject_token(self, until: int) -> Trouble:
        self._tokens += 1
        self.lab.simulator.token = f"token-{self._tokens}"

        async def lift() -> None:
            self.lab.write_token()

        return _everywhere("a rotated token", until, lift, "unauthorized")

    async def _go_down(self, until: int) -> Trouble:
        await self.lab.simulator.close()
        return _everywhere("a host that is down", until, self.lab.simulator.start, "connection")

    async def _spend(self, until: int) -> Trouble:
        self.lab.simulator.spend(10_000)
        return Trouble(name="a limit that others spend", until=until, upsets=frozenset({Upset.QUOTA}), lift=_nothing)

    async def _remove_addon(self, until: int) -> Trouble:
        addon = self._random.choice(self.lab.addons)
        plan = self.lab.world.remove(*addon)

        async def lift() -> None:
            self.lab.world.add(plan)
            self._returned.add(addon)

        return Trouble(name="an addon that is gone", until=until, lift=lift)

    async def _heal_addon(self, until: int) -> Trouble:
        self.lab.world.heal(*self._random.choice(self.lab.addons), self.lab.clocks.northflank())
        return Trouble(name="a backup by hand", until=until, lift=_nothing)

    async def _reload(self, until: int) -> Trouble:
        # Enough that slow answers come in time.
        await self.lab.reload(self._random.randint(5, 16))
        # What lists cost is learnt anew.
        return Trouble(name="a reload", until=until, upsets=frozenset({Upset.LONG}), lift=_nothing)

    async def _skew(self, until: int) -> Trouble:
        seconds = self._random.choice((2, 60, 1_200, 10_000)) * self._random.uniform(-1, 1)
        self._set_clock(timedelta(seconds=seconds))

        async def lift() -> None:
            self._set_clock(timedelta())

        return Trouble(name="a wrong clock", until=until, lift=lift)

    def _set_clock(self, skew: timedelta) -> None:
        self.lab.clocks.skew = skew
        self.clock_set_at = self.lab.clocks.northflank()

    async def _behave(self, until: int) -> Trouble:
        before = self.lab.simulator.behaviour
        changes = {name: self._random.choice(values) for name, values in BEHAVIOURS.items()}
        self.lab.simulator.behaviour = after = replace(before, **changes)
        self.dealt.update(f"{name}={value}" for name, value in changes.items())
        # Other headers, another limit: what was known of the window may be wrong until it is over.
        is_same = before.rate_limit == after.rate_limit and before.rate_limit_headers == after.rate_limit_headers
        # In another order, a long list takes more requests than last time.
        upsets = frozenset({Upset.LONG} if is_same else {Upset.LONG, Upset.QUOTA})
        return Trouble(name="another behaviour", until=until, upsets=upsets, lift=_nothing)


def backups_of(addon: Addon) -> Route:
    """Name an addon's list of backups."""
    return Route(endpoint=Endpoint.BACKUPS, project=addon[0], addon=addon[1])


def _everywhere(name: str, until: int, lift: Lift, reason: str) -> Trouble:
    return Trouble(name=name, until=until, upsets=frozenset({Upset.ACCOUNT}), lift=lift, everywhere=reason)


async def _nothing() -> None:
    """Leave it to time."""
