"""A client for any dataset of a Socrata portal (SODA 2.1).

It fetches and confirms records as they come; it cleans and stores none.
"""

from crash_platform.sources.socrata.changes import Changes
from crash_platform.sources.socrata.client import SocrataClient
from crash_platform.sources.socrata.dataset import SocrataDataset
from crash_platform.sources.socrata.page import Page
from crash_platform.sources.socrata.pull import Pull
from crash_platform.sources.socrata.soql import ALL_FIELDS, between

__all__ = ["ALL_FIELDS", "Changes", "Page", "Pull", "SocrataClient", "SocrataDataset", "between"]
