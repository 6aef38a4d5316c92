"""The world's nouns written as Northflank writes them, in the variant that a Behaviour chooses."""

from datetime import UTC, datetime

from exporter.simulator.behaviour import Behaviour, Blank
from exporter.simulator.nouns import Addon, AddonStatus, Backup, Interval, Project, Restore, Schedule, Team

JsonObject = dict[str, object]


def render_team(team: Team) -> JsonObject:
    """Write a team of `GET /v1/teams`."""
    return {"id": team.id, "name": team.name}


def render_project(project: Project) -> JsonObject:
    """Write a project of a list."""
    written: JsonObject = {"id": project.id, "name": project.name}
    if project.description is not None:
        written["description"] = project.description
    return written


def render_project_details(project: Project, addons: tuple[Addon, ...]) -> JsonObject:
    """Write a project asked for by its id, with all its addons."""
    return {
        **render_project(project),
        "addons": [
            {
                "id": addon.id,
                "name": addon.name,
                "appId": _app_id(addon),
                "spec": {"type": addon.type},
            }
            for addon in addons
        ],
        "services": [],
        "jobs": [],
    }


def render_addon(addon: Addon, status: AddonStatus) -> JsonObject:
    """Write an addon of a list."""
    written: JsonObject = {
        "id": addon.id,
        "name": addon.name,
        "appId": _app_id(addon),
        "tags": list(addon.tags),
        "spec": {"type": addon.type},
        "status": status,
    }
    if addon.description is not None:
        written["description"] = addon.description
    return written


def render_addon_details(addon: Addon, status: AddonStatus, behaviour: Behaviour) -> JsonObject:
    """Write an addon asked for by its id."""
    config = {
        "versionTag": addon.version,
        "deployment": {"replicas": 1, "storageSize": addon.storage_megabytes},
    }
    return {
        **render_addon(addon, status),
        "createdAt": render_time(addon.created_at, behaviour),
        "spec": {"type": addon.type, "config": config},
    }


def render_schedule(schedule: Schedule, behaviour: Behaviour) -> JsonObject:
    """Write a backup schedule."""
    scheduling: JsonObject = {"interval": schedule.interval, "minute": list(schedule.minutes)}
    if schedule.interval is not Interval.HOURLY:
        scheduling["hour"] = list(schedule.hours)
    if schedule.interval is Interval.WEEKLY:
        scheduling["day"] = list(schedule.days)
    created_at = render_time(schedule.created_at, behaviour)
    return {
        "id": schedule.id,
        "backupType": schedule.backup_type,
        "scheduling": scheduling,
        "retentionTime": schedule.retention.days,
        "createdAt": created_at,
        "updatedAt": created_at,
    }


def render_backup(backup: Backup, behaviour: Behaviour) -> JsonObject:
    """Write a backup."""
    written: JsonObject = {"id": backup.id, "name": backup.name, "status": backup.status}
    if behaviour.uids and backup.uid is not None:
        written["uid"] = backup.uid
    created_at = written["createdAt"] = render_time(backup.created_at, behaviour)
    if backup.completed_at is not None:
        written["completedAt"] = render_time(backup.completed_at, behaviour)
    else:
        _write_blank(written, "completedAt", behaviour.completed_at, filler=created_at)
    written["config"] = _backup_config(backup, behaviour)
    if backup.custom_destination_id is not None:
        written["customDestinationId"] = backup.custom_destination_id
    return written


def render_backup_details(backup: Backup, restores: tuple[Restore, ...], behaviour: Behaviour) -> JsonObject:
    """Write a backup asked for by its id, with its latest restore if any."""
    written = render_backup(backup, behaviour)
    if restores:
        last = render_restore_of_backup(max(restores, key=lambda restore: restore.started_at), behaviour)
        written["lastRestore"] = {key: value for key, value in last.items() if key != "id"}
    return written


def render_restore(restore: Restore, behaviour: Behaviour) -> JsonObject:
    """Write a restore of an addon's list."""
    return {**render_restore_of_backup(restore, behaviour), "backupId": restore.backup_id}


def render_restore_of_backup(restore: Restore, behaviour: Behaviour) -> JsonObject:
    """Write a restore where its backup is known."""
    written: JsonObject = {
        "id": restore.id,
        "status": restore.status,
        "restoreTimestamp": render_time(restore.started_at, behaviour),
    }
    if restore.completed_at is not None:
        written["completedAt"] = render_time(restore.completed_at, behaviour)
    return written


def render_time(moment: datetime, behaviour: Behaviour) -> str:
    """Write a time in UTC with milliseconds and `Z`."""
    separator = " " if behaviour.times_with_space else "T"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(separator, "milliseconds") + "Z"


def _app_id(addon: Addon) -> str:
    return f"/acme/{addon.project_id}/{addon.id}"


def _backup_config(backup: Backup, behaviour: Behaviour) -> JsonObject:
    config: JsonObject = {}
    if behaviour.sources:
        config["source"] = {"type": backup.source_type}
    if backup.size_bytes is not None:
        config["size"] = str(backup.size_bytes)
    else:
        _write_blank(config, "size", behaviour.size, filler="0")
    if backup.compression is not None:
        config["compressionType"] = backup.compression
    if backup.additional_destination_ids:
        config["additionalDestinations"] = [
            {"destinationId": destination_id, "retentionTime": 30, "type": "custom"}
            for destination_id in backup.additional_destination_ids
        ]
    config["addonVersion"] = backup.addon_version
    return config


def _write_blank(target: JsonObject, key: str, blank: Blank, *, filler: str) -> None:
    match blank:
        case Blank.ABSENT:
            return
        case Blank.NULL:
            target[key] = None
        case Blank.EMPTY:
            target[key] = ""
        case Blank.FILLER:
            target[key] = filler
