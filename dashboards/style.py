"""What a colour means, the same in every panel, and the texts that stand for numbers."""

from typing import Final

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    SpecialValueMap,
    SpecialValueMatch,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

GOOD: Final = "green"
NEAR: Final = "orange"
BAD: Final = "red"
NONE: Final = "purple"
NEUTRAL: Final = "blue"
QUIET: Final = "#8e8e8e"


def mapped(values: dict[str, tuple[str, str]]) -> list[ValueMapping]:
    """Show texts in colours for values."""
    results = {
        value: ValueMappingResult(text=text, color=color, index=index)
        for index, (value, (text, color)) in enumerate(values.items())
    }
    return [ValueMap(options=results)]


def absent(text: str, color: str = QUIET) -> ValueMapping:
    """Show a text where there is no value."""
    result = ValueMappingResult(text=text, color=color, index=99)
    return SpecialValueMap(options=DashboardSpecialValueMapOptions(match=SpecialValueMatch.NULL, result=result))


STATES: Final = [
    *mapped(
        {
            "3": ("none", NONE),
            "2": ("overdue", BAD),
            "1": ("above 80 %", NEAR),
            "0": ("ok", GOOD),
            "-1": ("no limit", NEUTRAL),
            "-2": ("paused", QUIET),
        }
    ),
    absent("unknown"),
]
"""What `promql.STATE` says."""

STATUSES: Final = mapped(
    {
        "completed": ("completed", GOOD),
        "in-progress": ("in progress", NEUTRAL),
        "scheduled": ("scheduled", NEUTRAL),
        "aborting": ("aborting", NEAR),
        "aborted": ("aborted", NEAR),
        "failed": ("failed", BAD),
        "not-supported": ("not supported", NEAR),
        "unknown": ("unknown", QUIET),
    }
)

YES_IS_GOOD: Final = mapped({"1": ("yes", GOOD), "0": ("no", BAD)})


DASHED: Final[dict[str, object]] = {"custom.lineStyle": {"fill": "dash", "dash": [8, 6]}, "custom.fillOpacity": 0}
COLORED_TEXT: Final[dict[str, object]] = {"custom.cellOptions": {"type": "color-text"}}


def fixed(color: str) -> dict[str, object]:
    """Give a series this colour, whatever its value."""
    return {"color": {"mode": "fixed", "fixedColor": color}}


LIMIT: Final = {**fixed(BAD), **DASHED}
"""The line where an alert fires."""


def steps(base: str, *changes: tuple[float, str]) -> ThresholdsConfig:
    """Colour by value: `base`, and from each number on another colour."""
    thresholds = [Threshold(value=None, color=base), *(Threshold(value=value, color=color) for value, color in changes)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(thresholds)


PLAIN: Final = steps(NEUTRAL)
"""For what is neither good nor bad."""
