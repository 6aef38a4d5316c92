"""What is marked in all graphs at the moment when it happened."""

from grafana_foundation_sdk.builders.dashboard import AnnotationQuery

from dashboards import promql
from dashboards.panels import SOURCE
from dashboards.style import BAD, NEAR


def failed_backups() -> AnnotationQuery:
    """Mark each failed backup where it was started: the value of the series is that moment, in milliseconds."""
    failed = promql.once_addon(f"{promql.BACKUP}_last_failed_timestamp_seconds")
    return _mark("Failed backups", f"{failed} * 1000", "Backup failed", BAD).use_value_for_time(True)


def firing_alerts() -> AnnotationQuery:
    """Mark for how long alerts of this project were firing."""
    matchers = ('alertstate="firing"', 'alertname=~"Northflank.+"')
    # An alert about an exporter has no addon, so only the job is asked for.
    return _mark("Firing alerts", f'ALERTS{{job=~"$job", {", ".join(matchers)}}}', "{{alertname}}", NEAR)


def _mark(name: str, expression: str, title: str, color: str) -> AnnotationQuery:
    return (
        AnnotationQuery()
        .name(name)
        .datasource(SOURCE)
        .enable(True)
        .icon_color(color)
        .expr(expression)
        .step("1m")
        .title_format(title)
        .text_format("{{account}} {{project_id}} {{addon_id}}")
        .tag_keys("severity")
    )
