"""Every metric about an account and about the process itself, as one declaration each.

All are gauges: what only ever grows is counted in telemetry.py.
"""

from exporter.metrics.family import Catalogue, Family, one, seconds, timestamp
from exporter.state import AccountState, ExporterState, ScrapeResult


def _account_values(account: AccountState) -> tuple[str, ...]:
    return (account.name,)


ACCOUNT_CATALOGUE: Catalogue[AccountState] = Catalogue(
    base_labels=("account",),
    base_values=_account_values,
    families=(
        Family(
            name="northflank_up",
            help="Whether an answer of the latest round of requests proved that API and token are good.",
            samples=lambda account: () if account.is_up is None else one(float(account.is_up)),
        ),
        Family(
            name="northflank_scrape_addons",
            help="Addons in this scrape, by what was done for them.",
            labels=("result",),
            samples=lambda account: [
                ((result.value,), account.scrape_addons.get(result, 0)) for result in ScrapeResult
            ],
        ),
        Family(
            name="northflank_refresh_cycle_seconds",
            help="How long it takes to read every addon once at the rate that the request budget allows.",
            samples=lambda account: seconds(account.refresh_cycle),
        ),
        Family(
            name="northflank_api_rate_limit_requests",
            help="Requests that the API allows in a window (x-ratelimit-limit), for all users of the account.",
            samples=lambda account: () if account.rate_limit is None else one(account.rate_limit.limit),
        ),
        Family(
            name="northflank_api_rate_limit_remaining_requests",
            help="Requests left in the window (x-ratelimit-remaining), for all users of the account.",
            samples=lambda account: () if account.rate_limit is None else one(account.rate_limit.remaining),
        ),
        Family(
            name="northflank_api_rate_limit_reset_timestamp_seconds",
            help="When the window ends (x-ratelimit-reset).",
            samples=lambda account: () if account.rate_limit is None else timestamp(account.rate_limit.reset_at),
        ),
        Family(
            name="northflank_api_clock_skew_seconds",
            help="How far the local clock is ahead of the clock of the API (Date), which has whole seconds.",
            samples=lambda account: seconds(account.clock_skew),
        ),
        Family(
            name="northflank_token_expiry_timestamp_seconds",
            help="When the API token expires, where the token itself says so (exp of a JWT).",
            samples=lambda account: timestamp(account.token_expires_at),
        ),
        Family(
            name="northflank_exporter_addons",
            help="Addons watched.",
            samples=lambda account: one(account.addons),
        ),
        Family(
            name="northflank_exporter_pattern_addons",
            help="Addons that each configured pattern matched.",
            labels=("project", "addon"),
            samples=lambda account: account.pattern_addons.items(),
        ),
    ),
)


def _no_values(_: ExporterState) -> tuple[str, ...]:
    return ()


SCRAPE_CATALOGUE: Catalogue[ExporterState] = Catalogue(
    base_labels=(),
    base_values=_no_values,
    families=(
        Family(
            name="northflank_scrape_duration_seconds",
            help="How long this scrape took before its answer was written.",
            samples=lambda exporter: seconds(exporter.scrape_duration),
        ),
    ),
)
"""About a single scrape, be it of everything or of one addon."""


EXPORTER_CATALOGUE: Catalogue[ExporterState] = Catalogue(
    base_labels=(),
    base_values=_no_values,
    families=(
        Family(
            name="northflank_exporter_build_info",
            help="The exporter's and Python's version; always 1.",
            labels=("version", "python_version"),
            samples=lambda exporter: (((exporter.version, exporter.python_version), 1.0),),
        ),
        Family(
            name="northflank_exporter_config_last_reload_successful",
            help="Whether the latest attempt to read the configuration succeeded.",
            samples=lambda exporter: one(float(exporter.is_reload_good)),
        ),
        Family(
            name="northflank_exporter_config_last_reload_success_timestamp_seconds",
            help="When the configuration in force was read.",
            samples=lambda exporter: timestamp(exporter.config_loaded_at),
        ),
    ),
)
