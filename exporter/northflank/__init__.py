"""The Northflank API as this exporter needs it: a client, its errors, and the budget that it lives within."""

from exporter.northflank.budget import RequestBudget
from exporter.northflank.client import NorthflankClient, Observer, RequestDeferred, open_session
from exporter.northflank.errors import NorthflankError
from exporter.northflank.listing import Listing
from exporter.northflank.token import expiry as token_expiry

__all__ = [
    "Listing",
    "NorthflankClient",
    "NorthflankError",
    "Observer",
    "RequestBudget",
    "RequestDeferred",
    "open_session",
    "token_expiry",
]
