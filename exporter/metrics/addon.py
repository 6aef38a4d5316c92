"""Every metric about an addon, as one declaration each."""

from collections.abc import Callable, Iterator
from datetime import datetime

from exporter.metrics.expected import SCHEDULE_FAMILIES
from exporter.metrics.family import Catalogue, Family, LiveFamily, Samples, one, seconds, timestamp
from exporter.model import AddonKey, Backup, BackupStatus
from exporter.state import AddonState
from exporter.summary import BackupSummary, KindSummary

_EXPIRED = "Of a list of more than 100, one that has expired leaves with the next full listing (collect.full_listing)."


def _of_backups(samples: Callable[[BackupSummary], Samples]) -> Callable[[AddonState], Samples]:
    """Say nothing of an addon whose list was never read."""
    return lambda addon: () if addon.summary is None else samples(addon.summary)


def _of_last_completed(samples: Callable[[Backup], Samples]) -> Callable[[AddonState], Samples]:
    return _of_backups(lambda backups: () if backups.last_completed is None else samples(backups.last_completed))


def _per_kind(value: Callable[[KindSummary], float | None]) -> Callable[[AddonState], Samples]:
    def samples(backups: BackupSummary) -> Iterator[tuple[tuple[str, ...], float]]:
        for kind in backups.kinds:
            if (number := value(kind)) is not None:
                yield (kind.kind.value,), number

    return _of_backups(samples)


def _age(addon: AddonState, now: datetime) -> Samples:
    if addon.summary is None or addon.summary.last_completed is None:
        return ()
    return one(max((now - addon.summary.last_completed.completion_time).total_seconds(), 0.0))


def _statuses(last_attempt: Backup) -> Samples:
    return [((status.value,), float(status is last_attempt.status)) for status in BackupStatus]


def _describe(backup: Backup) -> Samples:
    values = (
        backup.id,
        backup.kind.value,
        backup.source_type,
        backup.compression_type,
        backup.addon_version,
        backup.destination_id,
    )
    return ((values, 1.0),)


def _intervals(backups: BackupSummary) -> Samples:
    return [
        ((name,), copies.median_interval.total_seconds())
        for name, copies in backups.destinations.items()
        if copies.median_interval is not None
    ]


def _description(addon: AddonState) -> Samples:
    if addon.info is None:
        return ()
    return (((addon.info.name, addon.info.type, ",".join(sorted(addon.info.tags))), 1.0),)


def _paused(addon: AddonState) -> Samples:
    return () if addon.about is None else one(addon.about.is_paused)


def _addon_values(addon: AddonState) -> AddonKey:
    return addon.key


ADDON_CATALOGUE: Catalogue[AddonState] = Catalogue(
    base_labels=AddonKey._fields,
    base_values=_addon_values,
    families=(
        Family(
            name="northflank_addon_backups",
            help=(
                f"Backups listed, by status (status; a word that Northflank has not documented is unknown). {_EXPIRED}"
            ),
            labels=("status",),
            samples=_of_backups(
                lambda backups: [((status.value,), backups.counts.get(status, 0)) for status in BackupStatus]
            ),
        ),
        Family(
            name="northflank_addon_backup_last_completed_timestamp_seconds",
            help="When the latest completed backup was completed (completedAt, else createdAt); no imports.",
            samples=_of_last_completed(lambda backup: timestamp(backup.completion_time)),
        ),
        LiveFamily(
            name="northflank_addon_backup_last_completed_age_seconds",
            help="How long ago the latest completed backup was completed, at the moment of this answer.",
            samples=_age,
            freezes=True,
        ),
        Family(
            name="northflank_addon_backup_last_completed_size_bytes",
            help="Size of the latest completed backup (config.size); an incremental one holds the difference only.",
            samples=_of_last_completed(lambda backup: one(backup.size_bytes)),
        ),
        Family(
            name="northflank_addon_backup_last_completed_duration_seconds",
            help="How long the latest completed backup took (completedAt - createdAt).",
            samples=_of_last_completed(lambda backup: seconds(backup.duration)),
        ),
        Family(
            name="northflank_addon_backup_last_completed_info",
            help="What the latest completed backup is; always 1.",
            labels=(
                "backup_id",
                "backup_kind",
                "source_type",
                "compression_type",
                "addon_version",
                "destination_id",
            ),
            samples=_of_last_completed(_describe),
        ),
        Family(
            name="northflank_addon_backups_stored_bytes",
            help=f"Sum of the sizes of all completed backups, imports too. {_EXPIRED}",
            samples=_of_backups(lambda backups: one(backups.stored_bytes)),
        ),
        Family(
            name="northflank_addon_backup_oldest_completed_timestamp_seconds",
            help=f"When the oldest completed backup was completed: how far back one can restore. {_EXPIRED}",
            samples=_of_backups(lambda backups: timestamp(backups.oldest_completed_at)),
        ),
        Family(
            name="northflank_addon_backup_last_attempt_timestamp_seconds",
            help="When the newest backup of any status was started (createdAt).",
            samples=_of_backups(
                lambda backups: () if backups.last_attempt is None else timestamp(backups.last_attempt.created_at)
            ),
        ),
        Family(
            name="northflank_addon_backup_last_attempt_status",
            help="Status of the newest backup: 1 for the one it has, 0 for the others.",
            labels=("status",),
            samples=_of_backups(
                lambda backups: () if backups.last_attempt is None else _statuses(backups.last_attempt)
            ),
        ),
        Family(
            name="northflank_addon_backup_last_failed_timestamp_seconds",
            help="When the newest failed backup was started (createdAt).",
            samples=_of_backups(lambda backups: timestamp(backups.last_failed_at)),
        ),
        Family(
            name="northflank_addon_backup_failures_since_completed",
            help="Failed backups started after the latest completed one; all of them where none was completed.",
            samples=_of_backups(lambda backups: one(backups.failures_since_completed)),
        ),
        Family(
            name="northflank_addon_backup_running_since_timestamp_seconds",
            help="When the oldest backup that is still in progress was started (createdAt).",
            samples=_of_backups(lambda backups: timestamp(backups.running_since)),
        ),
        Family(
            name="northflank_addon_backup_kind_last_completed_timestamp_seconds",
            help="When the latest completed backup of this kind was completed.",
            labels=("backup_kind",),
            samples=_per_kind(lambda kind: kind.last_completed_at.timestamp()),
        ),
        Family(
            name="northflank_addon_backup_kind_last_completed_size_bytes",
            help="Size of the latest completed backup of this kind.",
            labels=("backup_kind",),
            samples=_per_kind(lambda kind: kind.last_size_bytes),
        ),
        Family(
            name="northflank_addon_backup_kind_median_completed_size_bytes",
            help="Median size of up to seven completed backups of this kind before the latest; needs three sizes.",
            labels=("backup_kind",),
            samples=_per_kind(lambda kind: kind.median_size_bytes),
        ),
        Family(
            name="northflank_addon_backup_destination_last_completed_timestamp_seconds",
            help="When the latest backup with a copy at this custom destination was completed.",
            labels=("destination_id",),
            samples=_of_backups(
                lambda backups: [
                    ((name,), copies.last_completed_at.timestamp()) for name, copies in backups.destinations.items()
                ]
            ),
        ),
        Family(
            name="northflank_addon_backup_destination_median_interval_seconds",
            help="Median time between up to eight newest copies at this custom destination; needs four copies.",
            labels=("destination_id",),
            samples=_of_backups(_intervals),
        ),
        *SCHEDULE_FAMILIES,
        Family(
            name="northflank_addon_info",
            help="What the addon is, where it was found in a list: its name, its type, its tags; always 1.",
            labels=("addon_name", "addon_type", "tags"),
            samples=_description,
        ),
        Family(
            name="northflank_addon_paused",
            help="Whether the addon is paused, so that no backups are due; where Northflank tells.",
            samples=_paused,
        ),
        Family(
            name="northflank_addon_created_timestamp_seconds",
            help="When the addon was created (createdAt).",
            samples=lambda addon: timestamp(addon.created_at),
        ),
        Family(
            name="northflank_addon_poll_success",
            help="Whether the latest finished poll of this addon succeeded; 0 before any.",
            samples=lambda addon: one(float(addon.failure is None)),
        ),
        Family(
            name="northflank_addon_poll_error_info",
            help="Why the latest poll of this addon gave no data; always 1, absent while it succeeds.",
            labels=("reason",),
            samples=lambda addon: () if addon.failure is None else (((addon.failure.value,), 1.0),),
        ),
        Family(
            name="northflank_addon_poll_duration_seconds",
            help="How long the latest finished poll of this addon took.",
            samples=lambda addon: seconds(addon.poll_duration),
        ),
        Family(
            name="northflank_addon_data_timestamp_seconds",
            help="When the last page of the data shown for this addon arrived.",
            samples=lambda addon: timestamp(addon.data_at),
        ),
    ),
)
