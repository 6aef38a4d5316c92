"""The Northflank API as this exporter needs it: a client, its errors, and the budget that it lives within."""

from exporter.northflank.body import PAGE_SIZE, Page, PageRequest
from exporter.northflank.budget import Grant, Purse, RequestBudget
from exporter.northflank.client import NorthflankClient, Observer, RequestDeferred
from exporter.northflank.errors import ClientError, HostUnreachable, NorthflankError, NotFound, Unauthorized
from exporter.northflank.listing import Listing
from exporter.northflank.session import open_session
from exporter.northflank.token import expiry as token_expiry

__all__ = [
    "PAGE_SIZE",
    "ClientError",
    "Grant",
    "HostUnreachable",
    "Listing",
    "NorthflankClient",
    "NorthflankError",
    "NotFound",
    "Observer",
    "Page",
    "PageRequest",
    "Purse",
    "RequestBudget",
    "RequestDeferred",
    "Unauthorized",
    "open_session",
    "token_expiry",
]
