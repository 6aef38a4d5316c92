"""The Northflank API as this exporter needs it: a client, its errors, and the budget that it lives within."""

from exporter.northflank.body import Page
from exporter.northflank.budget import Grant, Purse, RequestBudget
from exporter.northflank.client import NorthflankClient, Observer, RequestDeferred
from exporter.northflank.errors import HostUnreachable, NorthflankError, Unauthorized
from exporter.northflank.listing import Listing
from exporter.northflank.session import open_session
from exporter.northflank.token import expiry as token_expiry

__all__ = [
    "Grant",
    "HostUnreachable",
    "Listing",
    "NorthflankClient",
    "NorthflankError",
    "Observer",
    "Page",
    "Purse",
    "RequestBudget",
    "RequestDeferred",
    "Unauthorized",
    "open_session",
    "token_expiry",
]
