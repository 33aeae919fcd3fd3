"""Where deliveries of crash records come from: the packaged year, the user's files, NYC Open Data.

Each function says honestly of which days its delivery is everything there is.
"""

import time as clock
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc

from crash_platform.errors import PlatformError
from crash_platform.lake.contract import Window
from crash_platform.pipelines.crashes.bronze import Delivery, Part
from crash_platform.pipelines.crashes.dialects import CRASH_DIALECTS, RECORD_FIELDS, SYSTEM_FIELDS
from crash_platform.settings import Settings
from crash_platform.sources.files import Dialect, find_files, read_records, recognise
from crash_platform.sources.sample import SAMPLE_FIRST_DAY, SAMPLE_LAST_DAY, sample_file
from crash_platform.sources.socrata import SocrataClient, SocrataDataset, between

Progress = Callable[[int, int], None]
NAMES_SHOWN = 3
SAMPLE_WINDOW = Window(SAMPLE_FIRST_DAY, SAMPLE_LAST_DAY)


class NotCoveredError(PlatformError):
    """Days are asked for that the configured source does not have."""


def sample_delivery(window: Window = SAMPLE_WINDOW) -> Delivery:
    """The packaged year, or a window of it, dated to the first moment it could be complete.

    Dated so, it never overrules what a later source said of the same crashes.
    """
    complete_at = datetime.combine(SAMPLE_LAST_DAY + timedelta(days=1), time(), tzinfo=UTC)
    year = _part(sample_file(), "sample:nyc_2022")
    part = Part(year.source, lambda: _inside(year.open(), window))
    return Delivery([part], complete_at, "the packaged year 2022")


def _inside(records: pa.RecordBatchReader, window: Window) -> pa.RecordBatchReader:
    first, last = window.first.isoformat(), window.last.isoformat()

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in records:
            day = pc.utf8_slice_codeunits(batch.column("crash_date"), 0, len(first))
            kept = pc.and_(pc.greater_equal(day, first), pc.less_equal(day, last))
            yield batch.filter(kept)

    return pa.RecordBatchReader.from_batches(records.schema, batches())


def file_delivery(paths: Sequence[Path], pulled_at: datetime, *, is_snapshot: bool) -> Delivery:
    """The records of files and folders, in order.

    Every file is recognised before the first is read, so that one bad file lands nothing.
    """
    found = find_files(paths)
    for path in found:
        recognise(path, CRASH_DIALECTS)
    shown = [path.name for path in found[:NAMES_SHOWN]]
    names = ", ".join([*shown, "..."] if len(found) > NAMES_SHOWN else shown)
    parts = [_part(path, f"file:{path.name}") for path in found]
    return Delivery(parts, pulled_at, names, "spanned" if is_snapshot else None)


@contextmanager
def portal_delivery(
    settings: Settings,
    window: Window,
    pulled_at: datetime,
    on_progress: Progress | None = None,
    *,
    sleep: Callable[[float], None] = clock.sleep,
) -> Iterator[Delivery]:
    """Every record the portal has for a window, pulled page by page into a temporary folder.

    The delivery is complete only where the portal's count confirmed the pull. ``pulled_at`` is a
    moment before the pull starts: what the portal says later is newer than this delivery.
    """
    dataset = SocrataDataset(
        settings.socrata_url,
        settings.socrata_dataset,
        settings.socrata_app_token,
        settings.socrata_page_size,
    )
    where = between("crash_date", window.first, window.last)
    with (
        TemporaryDirectory(prefix="pull_") as folder,
        SocrataClient(dataset, sleep=sleep) as client,
    ):
        pull = client.download(
            where, Path(folder), on_progress=on_progress, key_field="collision_id"
        )
        source = f"{dataset.host}/{dataset.dataset_id}"
        parts = [_part(path, source, [_portal_s()]) for path in pull.files]
        yield Delivery(parts, pulled_at, source, window if pull.is_complete else None)


def _portal_s() -> Dialect:
    """The API's own dialect: the portal leaves null fields out, so that a page may lack any."""
    api = next(dialect for dialect in CRASH_DIALECTS if set(SYSTEM_FIELDS) <= set(dialect.columns))
    return replace(api, required=frozenset())


def _part(path: Path, source: str, dialects: Sequence[Dialect] = CRASH_DIALECTS) -> Part:
    return Part(source, lambda: read_records(path, dialects, RECORD_FIELDS).reader)
