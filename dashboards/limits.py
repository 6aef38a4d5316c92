"""The numbers that the alerts in prometheus/alerts.yaml use; a colour in a panel changes where an alert would fire."""

from typing import Final

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

NEAR_ITS_LIMIT: Final = 0.8
"""From this share of its limit on, a backup's age is worth a look; `status` uses the same number."""

OVERDUE: Final = 1.0
"""NorthflankBackupTooOld: the age is more than the limit."""

FAILURES_IN_A_ROW: Final = 3
"""NorthflankBackupFailingRepeatedly."""

STUCK_DURATIONS: Final = 3
STUCK_FLOOR_SECONDS: Final = 2 * HOUR
STUCK_UNKNOWN_SECONDS: Final = 6 * HOUR
"""NorthflankBackupStuck: three times the longest of a week, two hours at least, six where no duration is known."""

SIZE_DROPPED: Final = 0.5
SIZE_JUMPED: Final = 2
"""NorthflankBackupSizeDropped and …Jumped: of the median size."""

COPY_FACTOR: Final = 2
COPY_UNKNOWN_SECONDS: Final = 2 * DAY
"""NorthflankOffsiteCopyOld: so many times the usual interval or the limit; where neither is known, two days."""

MISSED_RUNS: Final = 1
"""NorthflankBackupScheduleMissed."""

RESTORE_TESTED_DAYS: Final = 90
"""NorthflankBackupRestoreUntested."""

DATA_AGE_SECONDS: Final = 30 * MINUTE
DATA_AGE_CYCLES: Final = 2
"""NorthflankDataStale: half an hour and two full cycles."""

TOKEN_EXPIRY_SECONDS: Final = 14 * DAY
"""NorthflankTokenExpiring."""

CYCLE_PER_LIMIT: Final = 0.25
"""NorthflankFleetTooLargeForLimit: the cycle, as a share of the smallest limit of an age."""

REMAINING_SHARE: Final = 0.1
"""NorthflankRateLimitNearlyExhausted."""

CLOCK_SKEW_SECONDS: Final = 30
"""No alert: from here on a clock that goes wrong is seen in the ages."""
