"""Whose turn it is to be read: those half read, those never read, then those whose last reading is the oldest. Pure."""

from math import inf

from exporter.model import AddonKey


class Turns:
    """The addons that wait to be read, in the order in which they should be.

    Everyone moves to the end after a reading, successful or not, so nobody is passed over for ever. Times are seconds
    of a clock that never goes back.
    """

    def __init__(self) -> None:
        self._unread: dict[AddonKey, float] = {}
        self._half_read: dict[AddonKey, float] = {}
        self._read: dict[AddonKey, float] = {}
        self._urgent: dict[AddonKey, float] = {}
        self._urgent_until: dict[AddonKey, float] = {}
        self._new: set[AddonKey] = set()
        self._places = 0
        self._interruptions = 0

    @property
    def has_new(self) -> bool:
        """Whether there is an addon of which no reading has ended yet."""
        return bool(self._new)

    def is_new(self, addon: AddonKey) -> bool:
        """Whether no reading of this addon has ended yet, well or badly."""
        return addon in self._new

    def half_read(self) -> list[AddonKey]:
        """Give those whose reading was stopped half-way, the one stopped longest ago first: they come before others."""
        return _in_order(self._half_read)

    def unread(self) -> list[AddonKey]:
        """Give those that were never read, as they are configured: they come next."""
        return _in_order(self._unread)

    def urgent_before(self, time: float) -> list[AddonKey]:
        """Give those whose list is about to change, likewise; they wait among the others too."""
        return [addon for addon in _in_order(self._urgent, time) if time <= self._urgent_until[addon]]

    def read_before(self, time: float) -> list[AddonKey]:
        """Give those whose last reading ended no later than `time`, the oldest first."""
        return _in_order(self._read, time)

    def add(self, addon: AddonKey) -> None:
        """Let an addon wait for its first reading."""
        self._unread[addon] = self._places
        self._places += 1
        self._new.add(addon)

    def remove(self, addon: AddonKey) -> None:
        """Forget an addon."""
        self.begin(addon)
        self._new.discard(addon)
        self._urgent_until.pop(addon, None)

    def begin(self, addon: AddonKey) -> "Place":
        """Take an addon out: it is going to be read. Gives its place among those that wait."""
        queues = (self._half_read, self._unread, self._urgent, self._read)
        return [(queue, queue.pop(addon)) for queue in queues if addon in queue]

    def put_back(self, addon: AddonKey, place: "Place") -> None:
        """Give an addon its place back: nothing of it was read after all."""
        for queue, order in place:
            queue[addon] = order

    def interrupt(self, addon: AddonKey, place: "Place") -> None:
        """Put an addon first, behind those that are there for longer: its reading was stopped half-way."""
        self._interruptions += 1
        was_first = next((order for queue, order in place if queue is self._half_read), self._interruptions)
        self._half_read[addon] = was_first

    def end(self, addon: AddonKey, now: float, *, urgent: tuple[float, float] | None = None) -> None:
        """Put an addon last: its reading is over. `urgent` is from when until when its list is about to change."""
        self._new.discard(addon)
        self._read[addon] = now
        if urgent is not None:
            self._urgent[addon], self._urgent_until[addon] = urgent


Place = list[tuple[dict[AddonKey, float], float]]


def _in_order(queue: dict[AddonKey, float], last: float = inf) -> list[AddonKey]:
    return sorted((addon for addon, order in queue.items() if order <= last), key=queue.__getitem__)
