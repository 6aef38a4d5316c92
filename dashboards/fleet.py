"""The table of every addon on the overview."""

from dashboards import limits, promql, style
from dashboards.board import ADDON
from dashboards.panels import FULL_WIDTH, About, Finished, Properties, query_rows, rows
from dashboards.promql import BACKUP, of_addon, of_chosen_type, per_addon
from dashboards.style import BAD, COLORED_TEXT, GOOD, NEAR

_LINK_TO_ADDON = (
    f"/d/{ADDON}?${{__url_time_range}}&${{datasource:queryparam}}&${{job:queryparam}}&${{__data.fields.link}}"
    "&var-project_id=${__data.fields.project_id}&var-addon_id=${__data.fields.addon_id}"
)

_DESCRIPTION = (
    "Every addon, worst first: its latest completed backup, how old that is against its limit, the status of the "
    "newest attempt, and what is next.\n\n"
    f"*Age / limit* is orange from {limits.NEAR_ITS_LIMIT:.0%} on and red above 100 %, where NorthflankBackupTooOld "
    "fires. Failures are those of the last 30 days, as far as Prometheus remembers; two between the same two readings "
    "count as one.\n\nClick an addon to see its life."
)


def every_addon() -> Finished:
    """Give the table: a query per column, merged by the labels that name an addon."""
    attempt = promql.from_freshest(of_addon(f"{BACKUP}_last_attempt_status"), "status")
    kind = promql.from_freshest(of_addon("northflank_addon_info"), "addon_name", "addon_type", "tags")
    columns = {
        "State": per_addon(promql.STATE),
        "Type": per_addon(kind, "addon_type") + " * 0",
        "Completed": f"{per_addon(promql.LAST_COMPLETED)} * 1000",
        "Ratio": per_addon(promql.AGE_PER_LIMIT),
        "Attempt": per_addon(attempt, "status") + " * 0",
        "Size": per_addon(of_addon(f"{BACKUP}_last_completed_size_bytes")),
        "Failures": promql.failures("30d", 30 * limits.DAY),
        "Due": f"min by ({promql.ADDON}) ({of_addon(f'{BACKUP}_schedule_next_due_timestamp_seconds')}) * 1000",
        # An account without a name has no label, so the part of the address that chooses it is made here.
        "Link": f"label_replace({per_addon(promql.once_addon('northflank_addon_poll_success'))}, "
        '"link", "var-account=$1", "account", "(.*)")',
    }
    about = About(
        title="Every addon",
        description=_DESCRIPTION,
        width=FULL_WIDTH,
        height=15,
        no_value="-",
        thresholds=style.steps(GOOD, (limits.NEAR_ITS_LIMIT, NEAR), (limits.OVERDUE, BAD)),
        overrides=_columns(),
        transformations=(("merge", {}), ("organize", _order(columns))),
    )
    targets = [query_rows(of_chosen_type(each), name=name) for name, each in columns.items()]
    return rows(about, *targets, sort_by="State")


def _order(columns: dict[str, str]) -> Properties:
    shown = (
        "Value #State", "addon_id", "project_id", "account", "addon_type", "Value #Completed", "Value #Ratio",
        "status", "Value #Size", "Value #Failures", "Value #Due", "link",
    )  # fmt: skip
    names = {
        "Value #State": "State",
        "addon_id": "Addon",
        "project_id": "Project",
        "account": "Account",
        "addon_type": "Type",
        "Value #Completed": "Last completed",
        "Value #Ratio": "Age / limit",
        "status": "Newest attempt",
        "Value #Size": "Size",
        "Value #Failures": "Failures (30 d)",
        "Value #Due": "Next due",
    }
    hidden = {"Time", "job", *(f"Value #{name}" for name in columns)} - set(shown)
    return {
        "excludeByName": dict.fromkeys(sorted(hidden), True),
        "indexByName": {name: place for place, name in enumerate(shown)},
        "renameByName": names,
    }


def _columns() -> tuple[tuple[str, Properties], ...]:
    return (
        (
            "^(State)$",
            {
                "mappings": style.STATES,
                "custom.width": 110,
                "custom.align": "center",
                "custom.cellOptions": {"type": "color-background", "mode": "basic"},
            },
        ),
        ("^Addon$", {"links": [{"title": "The life of ${__data.fields.addon_id}", "url": _LINK_TO_ADDON}]}),
        ("^(Last completed|Next due)$", {"unit": "dateTimeFromNow"}),
        (
            "^Age / limit$",
            {
                "unit": "percentunit",
                "decimals": 0,
                "min": 0,
                "max": 1.2,
                "custom.width": 220,
                "custom.cellOptions": {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
            },
        ),
        ("^Newest attempt$", {"mappings": style.STATUSES, "custom.width": 130, **COLORED_TEXT}),
        ("^Size$", {"unit": "bytes", "custom.width": 100}),
        (
            r"^Failures \(30 d\)$",
            {"custom.width": 120, "thresholds": style.steps("text", (1, NEAR)).build(), **COLORED_TEXT},
        ),
        # Older Grafanas know the one, newer ones the other.
        ("^link$", {"custom.hidden": True, "custom.hideFrom": {"viz": True, "legend": False, "tooltip": False}}),
    )
