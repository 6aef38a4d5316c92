"""Whatever happens to a list, what is known of it is what reading it whole would tell, but for what has gone since."""

from collections.abc import Iterable

from hypothesis import event, given
from hypothesis import strategies as st

from exporter.known import FINAL
from exporter.model import BackupStatus
from exporter.polling.evidence import ENOUGH
from exporter.summary import summarise
from tests.polling.lists import HOUR, MINUTE, Beyond, Change, List, Order, Reader, remove, wrong


def _expire(each: List, number: int) -> None:
    for identity in sorted(each.backups, key=lambda name: each.backups[name].created_at)[:number]:
        del each.backups[identity]


def _add(each: List, minutes: int, status: BackupStatus, late: int) -> None:
    each.now += minutes * MINUTE
    each.begin(status, late=late * MINUTE)


def _finish(each: List, place: int, status: BackupStatus) -> None:
    unfinished = [identity for identity, known in each.backups.items() if known.status not in FINAL]
    if unfinished:
        identity = unfinished[place % len(unfinished)]
        each.backups[identity] = each.backups[identity]._replace(status=status)


def _order(each: List, order: Order) -> None:
    each.order = order


statuses = st.sampled_from([BackupStatus.COMPLETED] * 6 + list(BackupStatus))
places = st.integers(0, 60)
additions = st.tuples(
    st.just(_add), st.sampled_from([0, 1, 30, 60, 60, 60, 600]), statuses, st.sampled_from([0, 0, 0, 1, 59])
)
removals = st.tuples(st.just(remove), places)
changes = st.one_of(
    additions,
    removals,
    st.tuples(st.just(_expire), st.integers(1, 12)),
    st.tuples(st.just(_finish), places, statuses),
)
rare_changes = st.one_of(changes, changes, changes, st.tuples(st.just(_order), st.sampled_from(Order)))


def bound(steps: Iterable[tuple[object, ...]]) -> list[Change]:
    """Make changes of what hypothesis has chosen."""
    return [lambda each, what=what, given=given: what(each, *given) for what, *given in steps]  # type: ignore[misc]


lists = st.builds(
    List,
    page_length=st.integers(ENOUGH, 25),
    order=st.sampled_from([Order.NEWEST_FIRST, Order.OLDEST_FIRST] * 3 + list(Order)),
    beyond=st.sampled_from(Beyond),
    has_keyset_cursors=st.booleans(),
    has_stable_ties=st.sampled_from([True, True, False]),
    skew=st.sampled_from([0 * HOUR, 0 * HOUR, -72 * HOUR, 5 * HOUR]),
)
rounds = st.lists(
    st.tuples(
        st.lists(rare_changes, max_size=6), st.lists(rare_changes, max_size=3), st.sampled_from([False] * 9 + [True])
    ),
    min_size=1,
    max_size=12,
)


@given(lists, st.integers(20, 90), st.lists(additions, max_size=10), rounds)
def test_whatever_happened_a_refresh_knows_all_that_reading_the_whole_list_would_tell(
    made: List,
    hours: int,
    beginning: list[tuple[object, ...]],
    history: list[tuple[list[tuple[object, ...]], list[tuple[object, ...]], bool]],
) -> None:
    for _ in range(hours):
        _add(made, 60, BackupStatus.COMPLETED, 0)
    for change in bound(beginning):
        change(made)
    reader = Reader(made)
    ever_gone: set[str] = set()
    for before, between, is_full in history:
        was_there = set(made.backups)
        for change in bound(before):
            change(made)
        made.between = bound(between)
        reader.read(is_full=is_full)
        # Once nothing happens while it is read, all is as it should be, whatever the readings before have missed.
        made.between = []
        reader.read()
        event(f"{reader.pages == 1 and len(made.backups) > made.page_length}: one of several pages")
        ever_gone |= was_there - set(made.backups)
        assert wrong(reader) == []
        extra = {each.identity for each in reader.backups} - set(made.backups)
        assert extra <= ever_gone, "nothing is known but what has been there"
        if not extra and made.has_stable_ties:
            assert summarise(reader.backups) == summarise(made.backups.values())
    reader.read(is_full=True)
    assert not made.has_stable_ties or set(reader.backups) == set(made.backups.values())
