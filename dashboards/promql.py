"""Words for writing queries: selectors that obey the variables, and what the alerts mean by their names.

Two replicas of one exporter say the same twice: what is about an addon or an account is taken once, whoever says it.
`REPLICA` are the labels that tell replicas apart; all others that a target has (cluster, namespace, …) stay.
"""

from typing import Final

from dashboards import limits

REPLICA: Final = "instance, pod, container"
ADDON: Final = "job, account, project_id, addon_id"
BACKUP: Final = "northflank_addon_backup"
ORDER: Final = "_order"

_EXPORTER: Final = ('job=~"$job"', 'instance=~"$instance"')
_ACCOUNT: Final = (*_EXPORTER, 'account=~"$account"')
_ADDON: Final = (*_ACCOUNT, 'project_id=~"$project_id"', 'addon_id=~"$addon_id"')


def of_exporter(metric: str, *matchers: str) -> str:
    """Select what is about the process."""
    return _selector(metric, _EXPORTER, matchers)


def of_account(metric: str, *matchers: str) -> str:
    """Select what is about an account."""
    return _selector(metric, _ACCOUNT, matchers)


def of_addon(metric: str, *matchers: str) -> str:
    """Select what is about an addon."""
    return _selector(metric, _ADDON, matchers)


def _selector(metric: str, base: tuple[str, ...], matchers: tuple[str, ...]) -> str:
    return f"{metric}{{{', '.join((*base, *matchers))}}}"


def status(*words: str) -> str:
    """Match these statuses of a backup."""
    return f'status=~"{"|".join(words)}"' if len(words) > 1 else f'status="{words[0]}"'


def once(selector: str, *, least: bool = False) -> str:
    """Take what several replicas say once: the greatest, or the least value."""
    return f"{'min' if least else 'max'} without ({REPLICA}) ({selector})"


def once_addon(metric: str, *matchers: str) -> str:
    """Take what is about an addon once."""
    return once(of_addon(metric, *matchers))


def per_addon(expression: str, *labels: str) -> str:
    """Leave only the labels that name an addon, as tables want it."""
    return f"max by ({', '.join((ADDON, *labels))}) ({expression})"


def of_chosen_type(expression: str) -> str:
    """Leave out addons that are known to be of another type than the chosen ones."""
    other = _selector("northflank_addon_info", _EXPORTER, ('addon_type!~"$addon_type"',))
    return f"({expression})\nunless on ({ADDON}) {other}"


def from_freshest(metric: str, *labels: str) -> str:
    """Take an addon's sample from the replica that read it last, where replicas may name different ones.

    `labels` are those that the metric has besides an addon's own.
    """
    read_at = of_addon("northflank_addon_data_timestamp_seconds")
    return f"topk by ({ADDON}) (1, ({metric} == 1) * ignoring ({', '.join(labels)}) group_left () {read_at})"


LAST_COMPLETED: Final = once_addon(f"{BACKUP}_last_completed_timestamp_seconds")
MAX_AGE: Final = once(of_addon(f"{BACKUP}_max_age_seconds"), least=True)
AGE: Final = f"time() - {LAST_COMPLETED}"
AGE_PER_LIMIT: Final = f"({AGE}) / {MAX_AGE}"
PAUSED: Final = f"({once_addon('northflank_addon_paused')} == 1)"
_COMPLETED: Final = f"max without ({REPLICA}, status) ({of_addon('northflank_addon_backups', status('completed'))})"
_LAST_FAILED: Final = once_addon(f"{BACKUP}_last_failed_timestamp_seconds")
FAILING: Final = f"{_LAST_FAILED} >= {once_addon(f'{BACKUP}_last_attempt_timestamp_seconds')}"

RUNNING: Final = f"time() - {once_addon(f'{BACKUP}_running_since_timestamp_seconds')}"
_LONGEST: Final = once(f"max_over_time({of_addon(f'{BACKUP}_last_completed_duration_seconds')}[7d])")
STUCK_AFTER: Final = f"clamp_min({limits.STUCK_DURATIONS} * {_LONGEST}, {limits.STUCK_FLOOR_SECONDS})"
STUCK: Final = f"({RUNNING} > {STUCK_AFTER}) or ({RUNNING} > {limits.STUCK_UNKNOWN_SECONDS} unless {_LONGEST})"

DATA_AGE: Final = f"time() - {once_addon('northflank_addon_data_timestamp_seconds')}"
DATA_AGE_LIMIT: Final = (
    f"{limits.DATA_AGE_SECONDS} + {limits.DATA_AGE_CYCLES} * max({of_account('northflank_refresh_cycle_seconds')})"
)

STATE_OF_ANY: Final = (
    f"{PAUSED} * -2\n"
    f"or ({AGE_PER_LIMIT} > bool {limits.NEAR_ITS_LIMIT}) + ({AGE_PER_LIMIT} > bool {limits.OVERDUE:g})\n"
    f"or {LAST_COMPLETED} * 0 - 1\n"
    f"or {_COMPLETED} * 0 + 3"
)
"""Of each addon: 0 within its limit, 1 above 80 % of it, 2 overdue, 3 never backed up; -1 no limit, -2 paused.

An addon of which nothing is known has none.
"""

STATE: Final = of_chosen_type(STATE_OF_ANY)


def count(expression: str) -> str:
    """Count addons: 0 where none is so, and nothing at all where no addon is known."""
    return f"count({expression}) or 0 * count({of_addon('northflank_addon_poll_success')})"


def states_worst_first() -> str:
    """Give all states over time, in the order of the last ones, worst first; unknown ones come before all.

    Prometheus orders the series of a range by their labels, so the order is a label whose name sorts before others.
    """
    last = f"last_over_time(({STATE})[1m:1m] @ end())"
    order = f'count_values by ({ADDON}) ("{ORDER}", 3 - {last})'
    return f"({STATE})\n+ on ({ADDON}) group_left ({ORDER}) 0 * {order}\nor on ({ADDON}) ({STATE})"


def failures(window: str, seconds: int) -> str:
    """Count each addon's failed backups within a window that ends now.

    Each one seen changes the time of the newest; the one that was the newest when the window, or what is known,
    began counts where it lies within.
    """
    failed = of_addon(f"{BACKUP}_last_failed_timestamp_seconds")
    seen = f"changes({failed}[{window}]) + (min_over_time({failed}[{window}]) > bool time() - {seconds})"
    none = of_addon("northflank_addon_backups", status("failed"))
    return f"{per_addon(seen)} or {per_addon(none)} * 0"
