"""Files of records as raw string columns: finding them, telling their form, reading them strictly.

Knows no crash and no lake: what the columns mean is said by the dialects a pipeline hands in.
"""

from crash_platform.sources.files.dialect import Dialect
from crash_platform.sources.files.discovery import Survey, find_files, survey
from crash_platform.sources.files.reader import Records, read_records, recognise
from crash_platform.sources.files.refusal import UnreadableSource

__all__ = [
    "Dialect",
    "Records",
    "Survey",
    "UnreadableSource",
    "find_files",
    "read_records",
    "recognise",
    "survey",
]
