"""Panels with what all of them have: a title, what it shows and what to do, a unit, a text for no value."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import common, heatmap, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.common import (
    AxisPlacement,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    LineInterpolation,
    SortOrder,
    StackingMode,
    TableAutoCellOptions,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.style import PLAIN

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
NO_DATA: Final = "No data: is the exporter scraped?"
FULL_WIDTH: Final = 24

Target = prometheus.Dataquery
Mappings = Sequence[model.ValueMapping]
Properties = dict[str, object]

_LARGE = 36  # pixels, the same in all panels of a row
_MINIMUM_INTERVAL = "1m"  # a usual scrape interval: between two scrapes there is nothing to see


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What every panel has. `description` says what is shown, why it matters and what to do; Markdown.

    `width` is in twenty-fourths of the page, `height` in Grafana's rows. `overrides` are properties of fields by a
    regular expression of their names. `repeat` names the variable for each value of which there is one such panel.
    """

    title: str
    description: str
    width: int = 4
    height: int = 4
    unit: str = "none"
    decimals: int | None = None
    no_value: str = NO_DATA
    thresholds: ThresholdsConfig = PLAIN
    mappings: Mappings = ()
    overrides: tuple[tuple[str, Properties], ...] = ()
    transformations: tuple[tuple[str, Properties], ...] = ()
    interval: str = _MINIMUM_INTERVAL
    repeat: str | None = None


class Finished(Builder[model.Panel]):
    """A panel that is ready to be laid out."""

    def __init__(self, panel: model.Panel) -> None:
        self._panel = panel

    def build(self) -> model.Panel:
        """Give the panel."""
        return self._panel


def query(expression: str, legend: str = "", *, name: str = "A") -> Target:
    """Ask for a value over time."""
    return Target().expr(expression).legend_format(legend).ref_id(name).range().datasource(SOURCE)


def query_now(expression: str, legend: str = "", *, name: str = "A") -> Target:
    """Ask for the value at the end of the shown time."""
    return Target().expr(expression).legend_format(legend).ref_id(name).instant().datasource(SOURCE)


def query_rows(expression: str, *, name: str = "A") -> Target:
    """Ask for rows of a table: the labels and the value at the end of the shown time."""
    return query_now(expression, name=name).format(PromQueryFormat.TABLE)


def number(
    about: About,
    *targets: Target,
    spark: bool = True,
    text: BigValueTextMode | None = None,
) -> Finished:
    """Show one number, or text, large; `spark` draws its course behind it."""
    builder = (
        stat.Panel()
        .graph_mode(BigValueGraphMode.AREA if spark else BigValueGraphMode.NONE)
        .color_mode(_emphasis(about, spark=spark))
        .text_mode(text or BigValueTextMode.VALUE)
        .text(common.VizTextDisplayOptions().value_size(_LARGE))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_scheme(FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    )
    return _finished(builder, about, targets)


def _emphasis(about: About, *, spark: bool) -> BigValueColorMode:
    if about.thresholds is PLAIN and not about.mappings:
        return BigValueColorMode.NONE
    return BigValueColorMode.VALUE if spark else BigValueColorMode.BACKGROUND_SOLID


def graph(
    about: About,
    *targets: Target,
    style: GraphDrawStyle = GraphDrawStyle.LINE,
    stacked: bool = False,
    stepped: bool = False,
    legend: Sequence[str] = ("lastNotNull",),
    least: float | None = None,
) -> Finished:
    """Draw values over time; the legend is a table of these calculations, or a list of names without any."""
    builder = (
        timeseries.Panel()
        .draw_style(style)
        .line_width(0 if style is GraphDrawStyle.BARS else 1)
        .fill_opacity(80 if style is GraphDrawStyle.BARS else 40 if stacked else 8)
        .line_interpolation(LineInterpolation.STEP_AFTER if stepped else LineInterpolation.LINEAR)
        .show_points(VisibilityMode.NEVER)
        .stacking(common.StackingConfig().mode(StackingMode.NORMAL if stacked else StackingMode.NONE))
        .color_scheme(FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.TABLE if legend else LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(list(legend))
        )
    )
    if least is not None:
        builder.min(least)
    return _finished(builder, about, targets)


def timeline(about: About, *targets: Target, rows: int = 20) -> Finished:
    """Draw one bar per series whose colour is its state; more than `rows` series are on further pages."""
    builder = (
        statetimeline.Panel()
        .show_value(VisibilityMode.NEVER)
        .row_height(0.85)
        .merge_values(True)
        .fill_opacity(85)
        .line_width(0)
        .per_page(rows)
        .color_scheme(FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.SINGLE))
    )
    return _finished(builder, about, targets)


def rows(about: About, *targets: Target, sort_by: str = "", descending: bool = True) -> Finished:
    """Show a table."""
    builder = (
        table.Panel()
        .show_header(True)
        .cell_options(TableAutoCellOptions())
        .color_scheme(FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    )
    if sort_by:
        builder.sort_by([common.TableSortByFieldState().display_name(sort_by).desc(descending)])
    return _finished(builder, about, targets)


def buckets(about: About, target: Target, *, unit: str) -> Finished:
    """Draw how many there are in each range of values over time; the target has one series per upper bound, `le`."""
    builder = (
        heatmap.Panel()
        .calculate(False)
        .color(heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").steps(32).exponent(0.5))
        .y_axis(heatmap.YAxisConfig().unit(unit).axis_placement(AxisPlacement.LEFT))
        .cell_values(heatmap.CellValues().unit("none"))
        .cell_gap(1)
        .show_legend()
    )
    return _finished(builder, about, (target.format(PromQueryFormat.HEATMAP),))


def _finished(builder: Builder[model.Panel], about: About, targets: Iterable[Target]) -> Finished:
    panel = builder.build()
    panel.title, panel.description = about.title, about.description
    panel.datasource, panel.interval = SOURCE, about.interval
    panel.grid_pos = model.GridPos(w=about.width, h=about.height)
    panel.targets = [target.build() for target in targets]
    if about.repeat is not None:
        panel.repeat, panel.repeat_direction, panel.max_per_row = about.repeat, "h", 2
    if about.transformations:
        panel.transformations = [
            model.DataTransformerConfig(id_val=name, options=options) for name, options in about.transformations
        ]
    # Every builder above brings one; it also holds what is peculiar to the kind of panel.
    fields = panel.field_config or model.FieldConfigSource()
    defaults = fields.defaults
    defaults.unit, defaults.decimals, defaults.no_value = about.unit, about.decimals, about.no_value
    defaults.thresholds = about.thresholds.build()
    defaults.mappings = list(about.mappings) or None
    fields.overrides = [
        model.DashboardFieldConfigSourceOverrides(
            matcher=model.MatcherConfig(id_val="byRegexp", options=f"/{name}/"),
            properties=[model.DynamicConfigValue(id_val=key, value=value) for key, value in properties.items()],
        )
        for name, properties in about.overrides
    ]
    return Finished(panel)
