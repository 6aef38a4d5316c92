"""Pictures of the dashboards, drawn with Grafana's own components in a browser, on the demo account's past."""
