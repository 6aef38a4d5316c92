"""Exporter: whether it does its work, and what the other dashboards show is worth believing."""

from collections.abc import Iterator

from dashboards import limits, promql, style
from dashboards.board import EXPORTER, Json, board, targets_and_accounts
from dashboards.exporter_polling import polling
from dashboards.exporter_process import process
from dashboards.marks import firing_alerts
from dashboards.panels import About, Finished, graph, number, query, query_now
from dashboards.promql import of_account, once
from dashboards.style import BAD, DASHED, GOOD, LIMIT, NEAR, NEUTRAL, fixed, steps

_REQUESTS = "northflank_api_requests_total"
_LIMIT = once(of_account("northflank_api_rate_limit_requests"))
_REMAINING = once(of_account("northflank_api_rate_limit_remaining_requests"), least=True)
_RESET = once(of_account("northflank_api_rate_limit_reset_timestamp_seconds"))


def exporter() -> Json:
    """Give the dashboard."""
    return board(
        EXPORTER,
        "Northflank backups / Exporter",
        "Does the exporter do its work, and is what the other dashboards show worth believing?",
        since="now-24h",
        variables=targets_and_accounts("northflank_exporter_build_info", accounts="northflank_exporter_addons"),
        annotations=[firing_alerts()],
        rows=[
            ("Does it work?", _working()),
            ("Northflank's API", _api()),
            ("Polling", polling()),
            ("The process", process()),
        ],
    )


def _working() -> Iterator[Finished]:
    yield number(
        About(
            title="Exporters up",
            description=(
                "Share of the exporters seen within the last day that Prometheus can scrape now.\n\n"
                "Below 100 % NorthflankExporterDown fires: is the process running, is its address still right?"
            ),
            unit="percentunit",
            thresholds=steps(BAD, (0.001, NEAR), (1, GOOD)),
            no_value="None seen within a day",
        ),
        query(f"sum({_seen('up')}) / count({_seen('up')})"),
    )
    yield number(
        About(
            title="API and token good",
            description=(
                "Whether the latest round of requests proved for every account that the API answers and the token is "
                "accepted.\n\nOtherwise NorthflankTokenRejected or NorthflankApiUnreachable says which; requests by "
                "code below say more."
            ),
            mappings=style.YES_IS_GOOD,
        ),
        query_now(f"min({of_account('northflank_up')})"),
        spark=False,
    )
    yield number(
        About(
            title="Addons not readable",
            description=(
                "Addons whose latest poll failed with every exporter. NorthflankAddonUnreadable fires after half an "
                "hour.\n\nThe reasons are below: *forbidden* wants a permission, *not_found* a correction of the "
                "configuration."
            ),
            thresholds=steps(GOOD, (1, NEAR)),
        ),
        query(f"sum({once(of_account('northflank_addon_poll_success'))} == bool 0)"),
    )
    yield number(
        About(
            title="Requests left",
            description=(
                "Share of the hourly limit that is left in this window, of the account that has least.\n\nBelow "
                f"{limits.REMAINING_SHARE:.0%} NorthflankRateLimitNearlyExhausted fires. The exporter stops before "
                "that: look for other users of the account, or lower `rate_limit_share`."
            ),
            unit="percentunit",
            decimals=0,
            no_value="No limit told",
            thresholds=steps(BAD, (limits.REMAINING_SHARE, GOOD)),
        ),
        query(f"min({_REMAINING} / {_LIMIT})"),
    )
    yield number(
        About(
            title="Token expires in",
            description=(
                "How long the token that expires first is still valid, where tokens tell.\n\nNorthflankTokenExpiring "
                f"fires {limits.TOKEN_EXPIRY_SECONDS // limits.DAY} days before: put a new one into `token_file`; it "
                "is read without a restart."
            ),
            unit="s",
            no_value="Not told",
            thresholds=steps(BAD, (0, NEAR), (limits.TOKEN_EXPIRY_SECONDS, GOOD)),
        ),
        query(f"min({of_account('northflank_token_expiry_timestamp_seconds')}) - time()"),
    )
    yield number(
        About(
            title="Configuration good",
            description=(
                "Whether the latest attempt to read the configuration succeeded everywhere; if not, the old one is in "
                "force and NorthflankConfigReloadFailed fires.\n\nThe log, or `check`, says what is wrong with it."
            ),
            mappings=style.YES_IS_GOOD,
        ),
        query_now(f"min({promql.of_exporter('northflank_exporter_config_last_reload_successful')})"),
        spark=False,
    )


def _seen(metric: str) -> str:
    """Take of all targets those that have been exporters within the last day."""
    was = f"last_over_time({promql.of_exporter('northflank_exporter_build_info')}[1d])"
    return f"{promql.of_exporter(metric)} and on (job, instance) {was}"


def _api() -> Iterator[Finished]:
    requests = f"rate({of_account(_REQUESTS)}[$__rate_interval])"
    yield graph(
        About(
            title="API requests by code",
            description=(
                "Requests per second by HTTP status; *error* had no whole answer. All replicas together: they share "
                "the account's limit.\n\n401 is a token, 403 a permission, 404 an addon that is gone, 429 the limit, "
                "5xx Northflank's own trouble."
            ),
            width=8,
            height=8,
            unit="reqps",
            overrides=(
                ("^2..$", fixed(GOOD)),
                ("^(401|403|429|4..)$", fixed(NEAR)),
                ("^(5..|error)$", fixed(BAD)),
            ),
        ),
        query(f"sum by (code) ({requests})", "{{code}}"),
        stacked=True,
        legend=("mean", "max"),
        least=0,
    )
    yield graph(
        About(
            title="API requests by endpoint",
            description=(
                "Requests per second by what was asked for. Backups are what it is about; the rest has a fifth of the "
                "budget at most.\n\nMany *addons* and *projects* are patterns being resolved: raise "
                "`collect.discovery`."
            ),
            width=8,
            height=8,
            unit="reqps",
        ),
        query(f"sum by (endpoint) ({requests})", "{{endpoint}}"),
        stacked=True,
        legend=(),
        least=0,
    )
    yield _latency()
    yield _rate_limit()
    yield graph(
        About(
            title="Requests left at the reset",
            description=(
                "How many requests will be left at the end of the window if all users of the account go on as now; "
                f"red is {limits.REMAINING_SHARE:.0%} of the limit (NorthflankRateLimitNearlyExhausted).\n\n"
                "Where it touches zero, others are locked out: who else uses the account?"
            ),
            width=8,
            height=8,
            no_value="No limit told",
            overrides=(("^a tenth of the limit$", LIMIT),),
        ),
        query(
            f"clamp_min({_REMAINING} - rate(({_LIMIT} - {_REMAINING})[$__rate_interval:]) * "
            f"clamp_min({_RESET} - time(), 0), 0)",
            "left at the reset {{account}}",
        ),
        query(f"{limits.REMAINING_SHARE} * {_LIMIT}", "a tenth of the limit", name="B"),
        least=0,
    )
    yield graph(
        About(
            title="Clock skew",
            description=(
                "How far the exporter's clock is ahead of Northflank's. A second or two is what the header's whole "
                "seconds and the way cost.\n\nAges are wrong by as much: set up NTP where it grows."
            ),
            width=8,
            height=8,
            unit="s",
            no_value="Northflank sent no date",
            thresholds=steps(BAD, (-limits.CLOCK_SKEW_SECONDS, GOOD), (limits.CLOCK_SKEW_SECONDS, BAD)),
        ),
        query(of_account("northflank_api_clock_skew_seconds"), "{{instance}} {{account}}"),
        legend=("lastNotNull", "min", "max"),
    )


def _latency() -> Finished:
    buckets = f"sum by (le) (rate({of_account('northflank_api_request_duration_seconds_bucket')}[$__rate_interval]))"
    total, number_of = (
        f"sum(rate({of_account(f'northflank_api_request_duration_seconds_{what}')}[$__rate_interval]))"
        for what in ("sum", "count")
    )
    return graph(
        About(
            title="API latency",
            description=(
                "How long requests took: half of them, nine in ten, ninety-nine in a hundred were faster than these; "
                "and the mean.\n\nWhat takes as long as `scrape.request_timeout` (8 s) was given up."
            ),
            width=8,
            height=8,
            unit="s",
        ),
        *(
            query(f"histogram_quantile({quantile}, {buckets})", f"{quantile:.0%}", name=name)
            for name, quantile in (("A", 0.5), ("B", 0.9), ("C", 0.99))
        ),
        query(f"{total} / {number_of}", "mean", name="D"),
        legend=(),
        least=0,
    )


def _rate_limit() -> Finished:
    return graph(
        About(
            title="Rate limit",
            description=(
                "What Northflank allows per window, and what is left of it, for all users of the account.\n\nA saw "
                "whose teeth reach the red line is an account whose limit is used up before the window ends; then "
                "nobody can deploy."
            ),
            width=8,
            height=8,
            no_value="No limit told",
            overrides=(
                ("^limit", {**fixed(NEUTRAL), **DASHED}),
                ("^a tenth of the limit$", LIMIT),
                ("^remaining", fixed(GOOD)),
            ),
        ),
        query(_REMAINING, "remaining {{account}}"),
        query(_LIMIT, "limit {{account}}", name="B"),
        query(f"{limits.REMAINING_SHARE} * {_LIMIT}", "a tenth of the limit", name="C"),
        legend=("lastNotNull", "min"),
        least=0,
    )
