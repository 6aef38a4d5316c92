"""The exporter's dashboard, how its polls go: what a scrape did, how old the data is, what failed and why."""

from collections.abc import Iterator

from dashboards import limits, promql
from dashboards.panels import About, Finished, graph, query, query_rows, rows
from dashboards.promql import of_account, of_exporter, once
from dashboards.style import BAD, COLORED_TEXT, DASHED, GOOD, LIMIT, NEAR, NEUTRAL, QUIET, fixed, steps

_DATA_AGE = f"time() - {once(of_account('northflank_addon_data_timestamp_seconds'))}"


def polling() -> Iterator[Finished]:
    """Give the panels."""
    yield graph(
        About(
            title="Addons in each scrape",
            description=(
                "What each scrape did for the addons: *polled*, *deferred* (the budget allows no more now), *late* "
                "(still under way when the answer was due), *failed*.\n\nDeferred is normal in a large fleet. Late "
                "and failed every time is not: see latency and errors."
            ),
            width=8,
            height=8,
            overrides=(
                ("^polled$", fixed(GOOD)),
                ("^deferred$", fixed(NEUTRAL)),
                ("^late$", fixed(NEAR)),
                ("^failed$", fixed(BAD)),
                ("^watched$", {**fixed(QUIET), **DASHED}),
            ),
        ),
        query(f"sum by (result) ({once(of_account('northflank_scrape_addons'))})", "{{result}}"),
        query(f"sum({once(of_account('northflank_exporter_addons'))})", "watched", name="B"),
        stepped=True,
        legend=(),
        least=0,
    )
    yield _data_age()
    yield _cycle()
    yield _errors()
    yield graph(
        About(
            title="Addons not readable by reason",
            description=(
                "Addons whose latest poll gave no data, by the reason; *pending* were not read yet.\n\n"
                "*forbidden*: the token lacks a permission. *not_found*: the configuration names what does not exist."
            ),
            width=8,
            height=8,
            thresholds=steps(GOOD, (1, NEAR)),
        ),
        query(f"count by (reason) ({once(of_account('northflank_addon_poll_error_info'))})", "{{reason}}"),
        query(f"sum({once(of_account('northflank_addon_poll_success'))} == bool 0)", "all", name="B"),
        stepped=True,
        legend=("lastNotNull", "max"),
        least=0,
    )
    yield _durations()
    yield _trouble()
    yield _patterns()


def _data_age() -> Finished:
    return graph(
        About(
            title="Age of the data",
            description=(
                "How long ago the lists of backups were read: of half of the addons, of nine in ten, of the one read "
                "least recently; and from when on NorthflankDataStale fires.\n\nThe shape of a saw is the budget at "
                "work; a straight rise is a standstill."
            ),
            width=8,
            height=8,
            unit="s",
            overrides=(("^stale after$", LIMIT), ("^oldest$", fixed(NEAR))),
        ),
        query(f"max({_DATA_AGE})", "oldest"),
        query(f"quantile(0.9, {_DATA_AGE})", "90%", name="B"),
        query(f"quantile(0.5, {_DATA_AGE})", "50%", name="C"),
        query(promql.DATA_AGE_LIMIT, "stale after", name="D"),
        legend=(),
        least=0,
    )


def _cycle() -> Finished:
    limit = f"min({once(of_account('northflank_addon_backup_max_age_seconds'), least=True)})"
    return graph(
        About(
            title="Refresh cycle",
            description=(
                "How long it takes to read every addon once at the rate that the budget allows, and "
                f"{limits.CYCLE_PER_LIMIT:.0%} of the smallest limit of an age, where "
                "NorthflankFleetTooLargeForLimit fires.\n\nThe scaling guide says what helps: a larger share or "
                "limit, shorter retention, a second account."
            ),
            width=8,
            height=8,
            unit="s",
            overrides=(("^too long$", LIMIT),),
        ),
        query(once(of_account("northflank_refresh_cycle_seconds")), "cycle {{account}}"),
        query(f"{limits.CYCLE_PER_LIMIT} * {limit}", "too long", name="B"),
        legend=("lastNotNull", "max"),
        least=0,
    )


def _errors() -> Finished:
    return graph(
        About(
            title="Failed polls by reason",
            description=(
                "Polls per second that gave no data, by reason.\n\n*timeout* and *connection* are the network, "
                "*server_error* Northflank, *rate_limited* the account's limit, *unauthorized* the token, "
                "*invalid_response* and *internal* are worth a report."
            ),
            width=8,
            height=8,
            unit="cps",
            overrides=((".*", {"custom.axisSoftMax": 0.01}),),
        ),
        query(
            f"sum by (reason) (rate({of_account('northflank_poll_errors_total')}[$__rate_interval])) > 0", "{{reason}}"
        ),
        query(f"sum(rate({of_account('northflank_poll_errors_total')}[$__rate_interval]))", "all", name="B"),
        legend=("mean", "max"),
        least=0,
    )


def _durations() -> Finished:
    poll = once(of_account("northflank_addon_poll_duration_seconds"))
    return graph(
        About(
            title="Durations of scrapes and polls",
            description=(
                "How long a scrape took for the exporter and for Prometheus, and the longest and usual poll of an "
                "addon.\n\nA scrape ends before its timeout whatever happens; polls that take longer serve the next "
                "one."
            ),
            width=8,
            height=8,
            unit="s",
        ),
        query(f"max({of_exporter('northflank_scrape_duration_seconds')})", "scrape, exporter"),
        query(
            f"max({of_exporter('scrape_duration_seconds')} and on (job, instance) "
            f"{of_exporter('northflank_exporter_build_info')})",
            "scrape, Prometheus",
            name="B",
        ),
        query(f"max({poll})", "poll, longest", name="C"),
        query(f"quantile(0.5, {poll})", "poll, median", name="D"),
        legend=(),
        least=0,
    )


def _trouble() -> Finished:
    return graph(
        About(
            title="Listings and items that failed",
            description=(
                "Listings of projects or addons that failed, and single items of lists that could not be read, per "
                "second. A failed listing loses no addon; a rejected item is missing from what is shown.\n\n"
                "The log says which. Items that cannot be read are worth a report."
            ),
            width=12,
            height=8,
            unit="cps",
            overrides=((".*", {"custom.axisSoftMax": 0.01}),),
        ),
        query(f"sum(rate({of_account('northflank_discovery_errors_total')}[$__rate_interval]))", "failed listings"),
        query(
            f"sum by (endpoint) (rate({of_account('northflank_api_rejected_items_total')}[$__rate_interval]))",
            "rejected {{endpoint}}",
            name="B",
        ),
        legend=(),
        least=0,
    )


def _patterns() -> Finished:
    matched = f"max by (account, project, addon) ({of_account('northflank_exporter_pattern_addons')})"
    order = {
        "excludeByName": {"Time": True},
        "indexByName": {"account": 0, "project": 1, "addon": 2, "Value": 3},
        "renameByName": {"account": "Account", "project": "Project", "addon": "Addon", "Value": "Addons matched"},
    }
    return rows(
        About(
            title="What the patterns matched",
            description=(
                "How many addons each pattern of the configuration matched. An addon that several match counts for "
                "each.\n\nA pattern that matches nothing watches nothing: a typo, or a project that is gone."
            ),
            width=12,
            height=8,
            no_value="No patterns configured",
            overrides=(
                (
                    "^Addons matched$",
                    {"thresholds": steps(BAD, (1, GOOD)).build(), **COLORED_TEXT},
                ),
            ),
            transformations=(("organize", order),),
        ),
        query_rows(matched),
        sort_by="Addons matched",
        descending=False,
    )
