"""A past for the demo account: a week of scrapes that never happened, for dashboards to have something to show.

The addons are those of the simulated Northflank, read at past moments by the exporter's own code; what an exporter
says of itself is made up, with a seed. `promtool tsdb create-blocks-from openmetrics` makes a database of it.
"""

from dashboards.history.prometheus import prometheus
from dashboards.history.write import SPAN

__all__ = ["SPAN", "prometheus"]
