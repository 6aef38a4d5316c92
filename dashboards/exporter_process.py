"""The exporter's dashboard, the process itself: versions, processor, memory, files."""

from collections.abc import Iterator

from dashboards.panels import About, Finished, graph, number, query, query_now, query_rows, rows
from dashboards.promql import of_exporter

_OF_EXPORTERS = f"and on (job, instance) {of_exporter('northflank_exporter_build_info')}"
"""Other programs have processes, too; where all jobs are chosen they must not be shown."""


def process() -> Iterator[Finished]:
    """Give the panels."""
    yield _builds()
    yield number(
        About(
            title="Configuration read",
            description=(
                "When the configuration in force was read, of the exporter that read it first.\n\nOlder than your "
                "latest change: reload it."
            ),
            unit="dateTimeFromNow",
            width=6,
            height=5,
        ),
        query_now(f"min({of_exporter('northflank_exporter_config_last_reload_success_timestamp_seconds')}) * 1000"),
        spark=False,
    )
    yield number(
        About(
            title="Running for",
            description=(
                "How long the exporter that was started last has been running.\n\nRestarts by themselves: look at the "
                "log, and at memory limits."
            ),
            unit="s",
            width=6,
            height=5,
        ),
        query(f"min(time() - ({of_exporter('process_start_time_seconds')} {_OF_EXPORTERS}))"),
    )
    yield graph(
        About(
            title="Processor",
            description=(
                "Share of one processor that each exporter uses.\n\nOne that is always near 100 % cannot answer in "
                "time: fewer addons per exporter."
            ),
            width=8,
            height=8,
            unit="percentunit",
        ),
        query(f"rate({of_exporter('process_cpu_seconds_total')}[$__rate_interval]) {_OF_EXPORTERS}", "{{instance}}"),
        legend=("mean", "max"),
        least=0,
    )
    yield graph(
        About(
            title="Memory",
            description=(
                "Resident memory of each exporter. It follows the number of addons and the length of their lists.\n\n"
                "Memory that only grows, over days, is a leak, and worth a report."
            ),
            width=8,
            height=8,
            unit="bytes",
        ),
        query(f"{of_exporter('process_resident_memory_bytes')} {_OF_EXPORTERS}", "{{instance}}"),
        legend=("lastNotNull", "max"),
        least=0,
    )
    yield graph(
        About(
            title="Open files",
            description=(
                "Files and connections that each exporter holds open, as a share of how many it may.\n\nGrowing "
                "without end: connections that nobody closes, worth a report."
            ),
            width=8,
            height=8,
            unit="percentunit",
        ),
        query(f"{of_exporter('process_open_fds')} / {of_exporter('process_max_fds')} {_OF_EXPORTERS}", "{{instance}}"),
        legend=("lastNotNull", "max"),
        least=0,
    )
    yield from _answers()


def _answers() -> Iterator[Finished]:
    yield graph(
        About(
            title="Answers by HTTP status",
            description=(
                "What each exporter answers to those who ask it, a second.\n\n401: somebody has a wrong password. 503 "
                "and 429: more ask at once than the web configuration and its limits allow. 500: look at the log."
            ),
            width=16,
            height=8,
            unit="reqps",
        ),
        query(
            f"sum by (instance, code) (rate({of_exporter('northflank_exporter_http_requests_total')}"
            "[$__rate_interval]))",
            "{{instance}} {{code}}",
        ),
        legend=("mean", "max"),
        least=0,
    )
    yield graph(
        About(
            title="Unexpected errors",
            description=(
                "Errors that nobody foresaw, each with a traceback in the log.\n\nAny is a mistake in the exporter, "
                "and worth a report."
            ),
            width=8,
            height=8,
            unit="cps",
        ),
        query(f"rate({of_exporter('northflank_exporter_unexpected_errors_total')}[$__rate_interval])", "{{instance}}"),
        legend=("lastNotNull", "max"),
        least=0,
    )


def _builds() -> Finished:
    order = {
        "excludeByName": {"Time": True, "Value": True},
        "renameByName": {
            "job": "Job",
            "instance": "Instance",
            "version": "Version",
            "python_version": "Python",
        },
    }
    return rows(
        About(
            title="Versions",
            description="Which versions run where.\n\nReplicas of one exporter should be the same.",
            width=12,
            height=5,
            transformations=(("organize", order),),
        ),
        query_rows(
            f"max by (job, instance, version, python_version) ({of_exporter('northflank_exporter_build_info')})"
        ),
    )
