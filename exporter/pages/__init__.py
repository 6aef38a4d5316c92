"""The pages for people: what is known of the fleet and of each addon, as HTML. Pure: nothing here asks for anything."""

from exporter.pages.query import Query
from exporter.pages.rendering import Frame, addon_page, fleet_page

__all__ = ["Frame", "Query", "addon_page", "fleet_page"]
