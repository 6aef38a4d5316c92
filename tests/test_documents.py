"""JSON for other programs: every word that it can hold is in its schema, and nothing in it can harm a terminal."""

import json
from dataclasses import replace
from datetime import timedelta

from exporter.discovered import FoundAccount
from exporter.documents import discover_document, status_document, written
from exporter.model import AddonKey, BackupStatus, FailureReason, ListedAddon, RateLimit
from exporter.verdict import Kind, Severity, judge
from tests.builders import NOW
from tests.documented import schema, validated
from tests.oracle import account_state
from tests.process import ROOT
from tests.verdict.cases import CASES, FRESH, read


def test_the_schema_names_every_word() -> None:
    told = schema("status")
    addon = told["properties"]["addons"]["items"]["properties"]

    assert told["$defs"]["concern"]["properties"]["kind"]["enum"] == [kind.word for kind in Kind]
    assert told["$defs"]["severity"]["enum"] == [severity.word for severity in reversed(Severity)]
    assert addon["error"]["enum"] == [*(reason.value for reason in FailureReason), None]
    assert addon["last_attempt_status"]["enum"] == [*(status.value for status in BackupStatus), None]


def test_the_documentation_explains_every_kind_as_grave_as_it_is() -> None:
    text = (ROOT / "docs" / "status.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]

    told = {kind.strip("`"): (severity, alerts.split(", ")[0]) for kind, severity, _, alerts in rows}
    assert told == {kind.word: (kind.severity.word, kind.alert) for kind in Kind}


def test_what_can_be_the_matter_fits_the_schema() -> None:
    limit = RateLimit(limit=1000, remaining=400, resets_in=timedelta(hours=1), reset_at=NOW)
    account = replace(account_state(), is_up=True, rate_limit=limit, token_expires_at=NOW, is_listed=False)
    verdict = judge([case.state for case in CASES], [account], now=NOW)

    text = written(status_document(verdict, [account], exit_code=2, requests=7)).decode()

    told = validated(text, "status")
    assert len(told["addons"]) == len(CASES)
    assert [concern["kind"] for concern in told["accounts"][0]["concerns"]] == ["token_expiring", "unlisted"]
    old = next(addon for addon in told["addons"] if addon["addon_id"] == "old")
    assert old["last_completed_at"] == "2026-03-09T05:00:00Z"
    assert (old["age_seconds"], old["max_age_seconds"], old["data_age_seconds"]) == (31 * 3600, 26 * 3600, 0)
    assert (old["size_bytes"], old["recent_sizes_bytes"], old["next_due_at"], old["missed_runs"]) == (
        1000, [1000], None, None,
    )  # fmt: skip


def test_json_is_plain_ascii_whatever_things_are_called() -> None:
    name = "\x1b[2J\u202e\ud800 日本"
    state = replace(read(FRESH, info=ListedAddon(id="x", name=name)), key=AddonKey(name, name, name))
    documents = (
        status_document(judge([state], [], now=NOW), [], exit_code=0, requests=0),
        discover_document({name: FoundAccount(projects={name: [ListedAddon(id=name)]})}, is_whole=True),
    )

    for document in documents:
        text = written(document)
        assert text.isascii()
        assert text.decode().replace("\n", "").isprintable()
        assert json.loads(text) == document
