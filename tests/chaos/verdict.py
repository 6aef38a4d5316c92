"""What must be true of every answer, whatever goes wrong, and what besides where little does."""

from collections import Counter
from datetime import datetime, timedelta

from exporter.model import FailureReason
from exporter.simulator.routes import Endpoint, Route
from tests.chaos.illnesses import Upset
from tests.chaos.lab import PATIENCE, Addon, Lab, Seen
from tests.chaos.mayhem import Mayhem
from tests.chaos.truth import CLOCKS_SECONDS, Truth, difference
from tests.schedule_oracle import said_of_schedules

_MAX_STALENESS = timedelta(hours=6)
_LEEWAY = timedelta(seconds=30)

_LONGER = 3
"""So many scrapes more it may take until lists are read that have become four times as long."""

_INTERRUPTING = frozenset({Upset.QUOTA, Upset.SLOW, Upset.LONG})
"""Where a list may be read half in one step and half in another: it is not that of one moment."""

_SILENT = frozenset({"timeout", "connection"})
_PROOFS = frozenset({"", "forbidden", "not_found"})
"""What an addon is marked with whose answer proves that the token is accepted."""


class Verdict:
    """Compares answers with the simulated world, and remembers what was shown before."""

    def __init__(self, lab: Lab, mayhem: Mayhem) -> None:
        self.confirmed: Counter[str] = Counter()
        """How often an addon was seen to be what it met: the reasons, and empty where it was well and just read."""

        self._lab = lab
        self._mayhem = mayhem
        self._watched: set[Addon] = set()
        self._read_at: dict[Addon, float] = {}
        self._is_mixed: dict[Addon, bool] = {}
        self._interrupted: set[Addon] = set()
        self._failing_since: dict[Addon, tuple[datetime, datetime]] = {}
        self._owed: dict[Addon, tuple[str, int]] = {}
        self._truth = Truth(lab, mayhem)
        self._moments: dict[Addon, list[datetime]] = {}
        self._known: set[Addon] = set()
        self._condemned = 0

    # Always.

    def check(self, seen: Seen) -> None:
        """Hold an answer to what every answer must be."""
        assert seen.seconds <= PATIENCE, f"it came after {seen.seconds} s, too late for Prometheus"
        self._truth.note()
        world, watched = set(self._lab.addons), set(seen.addons)
        assert self._watched & world <= watched, f"lost, but still there: {self._watched & world - watched}"
        self._watched = watched
        for addon in watched:
            self._check_health(addon, seen)
            if addon in world:
                self._check_data(addon, seen)
        errors = seen.value("northflank_exporter_unexpected_errors_total")
        assert errors == 0, "an error that nobody foresaw"
        for addon in self._read_at.keys() - watched:
            del self._read_at[addon]
        for addon in self._failing_since.keys() - watched:
            del self._failing_since[addon]

    def _check_health(self, addon: Addon, seen: Seen) -> None:
        is_good, reasons = seen.of(addon, "poll_success"), seen.reasons(addon)
        assert (is_good, len(reasons)) in {(1, 0), (0, 1)}, f"{addon}: {is_good} {reasons}"
        assert set(reasons) <= {reason.value for reason in FailureReason} - {FailureReason.INTERNAL.value}
        if is_good or reasons == ["pending"]:
            self._failing_since.pop(addon, None)
            return
        since, alone_since = self._failing_since.get(addon, (seen.at, seen.at))
        if Upset.ACCOUNT in self._mayhem.upsets_before:
            # What fails for its account's sake has not failed itself: its own time begins when that is over.
            alone_since = seen.at
        self._failing_since[addon] = since, alone_since
        has_data = seen.of(addon, "data_timestamp_seconds") is not None
        if seen.at - since < _MAX_STALENESS - _LEEWAY:
            assert has_data or addon not in self._read_at, f"{addon}: dropped too early"
        elif seen.at - alone_since > _MAX_STALENESS + _LEEWAY:
            assert not has_data, f"{addon}: shows data that nobody could confirm since {alone_since}"

    def _check_data(self, addon: Addon, seen: Seen) -> None:
        shown = {
            (name, labels): value
            for (name, labels), value in seen.addons[addon].items()
            if name.startswith("northflank_addon_backup")
            and not name.startswith(("northflank_addon_backup_schedule", "northflank_addon_backup_max_age"))
        }
        read_at = seen.of(addon, "data_timestamp_seconds")
        if read_at is None:
            assert not shown, f"{addon}: shows backups and not since when"
            self._read_at.pop(addon, None)
            return
        is_interrupting = bool(_INTERRUPTING & (self._mayhem.upsets | self._mayhem.upsets_before))
        if read_at != self._read_at.get(addon):
            moments = self._truth.moments(addon, read_at)
            assert moments, f"{addon}: read at a time that was not: {read_at}"
            was_interrupted = is_interrupting or addon in self._interrupted
            self._is_mixed[addon] = was_interrupted or self._truth.was_garbled_in_pages(addon, moments[-1])
            self._interrupted.discard(addon)
            self._moments[addon] = moments
        elif is_interrupting:
            self._interrupted.add(addon)
        self._read_at[addon] = read_at
        said = self._truth.said(addon, self._moments[addon], seen.at)
        if not any(self._truth.is_equal(shown, truth) for truth in said) and not self._is_mixed[addon]:
            truth = next(self._truth.said(addon, self._moments[addon][-1:], seen.at))
            raise AssertionError(f"{addon}, read at {self._moments[addon]}: {difference(shown, truth)}")

    # Where it is known what must come of it.

    def check_first(self, seen: Seen, begun_at: datetime, reasons: dict[Addon, str], unsure: set[Addon]) -> None:
        """Hold the first scrape of a step to what follows from the `reasons` that polls met; some are `unsure`."""
        upsets, everywhere = self._mayhem.upsets, self._mayhem.everywhere
        # Those just found may have to wait: nothing was set aside for them.
        known, self._known = self._known, set(seen.addons)
        if Upset.QUOTA not in upsets and len(everywhere) == 1:
            self._check_account(seen, everywhere)
        if {Upset.QUOTA, Upset.ACCOUNT} & upsets or self._may_be_condemned(seen, reasons):
            self._owed.clear()
            return
        if not upsets:
            self._check_calm(seen, reasons)
        # Polls may come late. A long list that was doubted is gone on with in the next scrape. One request after the
        # other asks those that are silent. Each scrape may spend what the lists have cost so far, until it is known
        # that they have become longer.
        silent = sum(1 for reason in reasons.values() if reason in _SILENT)
        allowed = 1 + silent + _LONGER * (Upset.LONG in upsets) if upsets else 0
        for addon in seen.addons.keys() & reasons.keys() & known:
            fault = None if addon in unsure else self._fault(addon, seen, reasons[addon], begun_at)
            if fault is None and addon not in unsure:
                self.confirmed[reasons[addon]] += 1
            reason, times = self._owed.pop(addon, ("", 0))
            if fault is not None:
                times = times + 1 if reason == reasons[addon] else 1
                self._owed[addon] = reasons[addon], times
                is_long = not reasons[addon] and self._truth.is_paged(addon, seen.at)
                assert times <= max(allowed, is_long), fault

    def check_schedules(self, seen: Seen) -> None:
        """Compare what is said of schedules, where all has been well for a while; what is paused misses no run."""
        world = self._lab.world
        for addon in self._lab.addons:
            read_at = seen.of(addon, "data_timestamp_seconds")
            assert read_at is not None
            assert abs(read_at - seen.at.timestamp()) <= CLOCKS_SECONDS
            said = said_of_schedules(world.schedules(*addon), world.backups(*addon, seen.at), seen.at)
            true = {(f"northflank_addon_{name}", frozenset(labels.items())): value for name, labels, value in said}
            shown = {key: seen.addons[addon][key] for key in seen.addons[addon] if "_schedule" in key[0]}
            if seen.of(addon, "paused"):
                true = {key: value for key, value in true.items() if not key[0].endswith("_missed_runs")}
                shown = {key: shown[key] for key in shown.keys() & true.keys()}
            assert self._truth.is_equal(shown, true), f"{addon}: {difference(shown, true)}"

    def _may_be_condemned(self, seen: Seen, reasons: dict[Addon, str]) -> bool:
        """Tell whether a token that is good again may not have been found so: one request a scrape finds out.

        What answers nothing that proves a token goes to the end of the row, so that the next one is asked.
        """
        is_condemned = any(
            seen.reasons(addon) == ["unauthorized"] for addon in seen.addons if reasons.get(addon) != "unauthorized"
        )
        self._condemned = self._condemned + 1 if is_condemned else 0
        assert self._condemned <= len(seen.addons), "the token has been good for many scrapes"
        return is_condemned and not _PROOFS.issuperset(reasons.values())

    def _check_calm(self, seen: Seen, reasons: dict[Addon, str]) -> None:
        if not _PROOFS.isdisjoint(reasons.values()):
            assert seen.value("northflank_up") == 1
        routes = [Route(endpoint=Endpoint.PROJECTS)]
        routes += [Route(endpoint=Endpoint.ADDONS, project=project.id) for project in self._lab.world.projects]
        # Who comes back from a silent account is listed with the next scrape.
        if not self._mayhem.upsets_before and not any(self._mayhem.is_touched(route) for route in routes):
            assert set(seen.addons) == set(self._lab.addons)

    def _check_account(self, seen: Seen, everywhere: set[str]) -> None:
        # What a scrape began and did not wait for counts for the next one, where it had an answer after the first.
        if not {Upset.LONG, Upset.SLOW} & self._mayhem.upsets_before:
            assert seen.value("northflank_up") == 0
        for addon in seen.addons:
            assert set(seen.reasons(addon)) == everywhere, f"{addon} is marked {seen.reasons(addon)}"

    def _fault(self, addon: Addon, seen: Seen, reason: str, begun_at: datetime) -> str | None:
        """Say what is wrong with an addon that should have been read in this scrape, and met this reason."""
        if seen.reasons(addon) != ([reason] if reason else []):
            return f"{addon} is marked {seen.reasons(addon)}, not {reason or 'good'}"
        is_shown = seen.of(addon, "data_timestamp_seconds") is not None
        if reason or (is_shown and self._moments[addon][-1] >= begun_at):
            return None
        return f"{addon} was read at {self._moments.get(addon)}, not since {begun_at}"
