"""What can be the matter with an addon or an account, and how grave that is."""

from dataclasses import dataclass
from enum import Enum, IntEnum


class Severity(IntEnum):
    """How grave something is, graver is more: critical needs somebody now, a warning can wait until the morning.

    What could not be read is unknown: it may be anything, and certainly is not ok.
    """

    OK = 0
    UNKNOWN = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """The word for it in text and JSON."""
        return self.name.lower()

    @property
    def needs_attention(self) -> bool:
        """Whether somebody should do something about the backups themselves."""
        return self >= Severity.WARNING


class Kind(Enum):
    """What can be the matter, the gravest first; `alert` is the rule in prometheus/rules that says the same.

    It is as grave as its alert, with two exceptions. A latest backup that has failed or is stuck makes a ticket there,
    since Prometheus hears in a minute how the next run goes; whoever looks once does not. And that an addon cannot be
    read makes a ticket; here nothing is known of it then. Where no alert is named or it is for information only, the
    concern is a remark: it explains, and needs nobody.
    """

    NEVER = ("never", Severity.CRITICAL, "NorthflankBackupNever")
    TOO_OLD = ("too_old", Severity.CRITICAL, "NorthflankBackupTooOld")
    FAILING = ("failing", Severity.CRITICAL, "NorthflankBackupFailingRepeatedly")
    FAILED = ("failed", Severity.CRITICAL, "NorthflankBackupFailed")
    STUCK = ("stuck", Severity.CRITICAL, "NorthflankBackupStuck")
    RUNS_MISSED = ("runs_missed", Severity.WARNING, "NorthflankBackupScheduleMissed")
    SIZE_DROPPED = ("size_dropped", Severity.WARNING, "NorthflankBackupSizeDropped")
    SIZE_JUMPED = ("size_jumped", Severity.WARNING, "NorthflankBackupSizeJumped")
    COPY_OLD = ("copy_old", Severity.WARNING, "NorthflankOffsiteCopyOld")
    UNSCHEDULED = ("unscheduled", Severity.WARNING, "NorthflankBackupUnscheduled")
    STALE = ("stale", Severity.WARNING, "NorthflankDataStale")
    TOKEN_EXPIRING = ("token_expiring", Severity.WARNING, "NorthflankTokenExpiring")
    UNREADABLE = ("unreadable", Severity.UNKNOWN, "NorthflankAddonUnreadable")
    PENDING = ("pending", Severity.UNKNOWN, "NorthflankAddonUnreadable")
    UNREACHABLE = ("unreachable", Severity.UNKNOWN, "NorthflankApiUnreachable")
    UNLISTED = ("unlisted", Severity.UNKNOWN, "")
    NEAR_LIMIT = ("near_limit", Severity.OK, "")
    NEW = ("new", Severity.OK, "")
    NO_LIMIT = ("no_limit", Severity.OK, "")
    RESTORE_UNTESTED = ("restore_untested", Severity.OK, "NorthflankBackupRestoreUntested")
    PAUSED = ("paused", Severity.OK, "")

    def __init__(self, word: str, severity: Severity, alert: str) -> None:
        self.word = word
        self.severity = severity
        self.alert = alert

    @property
    def place(self) -> int:
        """Where it stands among all of them: the lower, the graver."""
        return _PLACES[self]


_PLACES = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One thing that is the matter; `text` is a plain sentence, without a full stop, that says why one thinks so.

    The text can hold what Northflank calls things: whoever shows it makes that harmless.
    """

    kind: Kind
    text: str

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return self.kind.severity
