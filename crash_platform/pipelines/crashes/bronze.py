"""Landing: what a delivery of crash records adds to bronze. Compares, numbers and appends.

Cleans nothing; how a delivery is read stands in `bronze_intake`.

Runs on DuckDB whatever engine the later layers use: deliveries arrive where this process is.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake.exceptions import CommitFailedError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from crash_platform.engine.duckdb_engine import attach
from crash_platform.lake.frame import BATCH_ROWS, Frame
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.bronze_intake import (
    TEXTS,
    Delivery,
    LandingError,
    Part,
    session,
    take_in,
)
from crash_platform.pipelines.crashes.tables import CRASH_RECORDS
from crash_platform.pipelines.crashes.texts import sql

if TYPE_CHECKING:
    import duckdb

__all__ = ["Delivery", "Landing", "LandingError", "MassChangeError", "Part", "land"]

APP_ID = "landing"
ATTEMPTS = 8
VERDICTS = ("inserted", "corrected", "moved", "reappeared", "unchanged", "older")
MASS_CHANGE_SHARE, MASS_CHANGE_ROWS = 0.2, 100
RESTING_MEMORY = "64MB"
"""What DuckDB may hold while delta-rs, which buffers every month it writes, needs the memory."""


class MassChangeError(LandingError):
    """A delivery would take more records out of their days than is believable."""


@dataclass(frozen=True)
class Landing:
    """What a delivery came to. ``counts`` adds up to ``read`` (disappeared records apart).

    ``number`` is ``None`` where there was nothing to add. A record that is said several times has
    one verdict, on its last word; the rest counts as ``repeated``.
    """

    number: int | None
    read: int
    counts: Mapping[str, int]
    days: frozenset[date] = field(default_factory=frozenset)

    @property
    def added(self) -> int:
        """Records that are new or differ from what bronze held."""
        return sum(self.counts[name] for name in ("inserted", "corrected", "moved", "reappeared"))


def land(
    store: Store,
    delivery: Delivery,
    *,
    memory_limit: str = "768MB",
    accept_mass_change: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Landing:
    """Add to bronze what a delivery says that bronze does not hold yet, in one commit.

    Landing the same delivery again adds nothing. A landing that another one overtakes decides anew.

    Raises:
        MassChangeError: more than a fifth of the records (and more than 100) would disappear or
            leave their day.
        LandingError: DuckDB runs out of memory or disk, or other landings keep getting ahead.
        PlatformError: a part cannot be read, or the lake not written.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(CommitFailedError),
        wait=wait_random_exponential(multiplier=0.1, max=5),
        stop=stop_after_attempt(ATTEMPTS),
        sleep=sleep,
        reraise=True,
    )
    with (
        _told(delivery.source),
        TemporaryDirectory(prefix="landing_") as folder,
        session(Path(folder), memory_limit) as connection,
    ):
        read = take_in(connection, delivery)
        decision = _Decision(connection, store, delivery, read, accept_mass_change)
        return retrying(decision.carry_out, memory_limit)


@contextmanager
def _told(source: str) -> Iterator[None]:
    import duckdb

    try:
        yield
    except CommitFailedError as error:
        raise LandingError(
            f"Other landings got ahead of {source} in each of {ATTEMPTS} attempts: "
            "land it again when they are done."
        ) from error
    except duckdb.Error as error:
        raise LandingError(
            f"DuckDB cannot compare {source} with bronze: {str(error).splitlines()[0]}"
        ) from error


@dataclass(frozen=True)
class _Decision:
    """A delivery that was taken in, on its way to be compared with bronze."""

    connection: "duckdb.DuckDBPyConnection"
    store: Store
    delivery: Delivery
    read: int
    accept_mass_change: bool

    def carry_out(self, memory_limit: str) -> Landing:
        """Compare with bronze as it is now, and append what is news."""
        connection, bronze = self.connection, self.store.slice(CRASH_RECORDS)
        connection.execute(f"SET memory_limit = '{memory_limit}'")
        attach(connection, "crash_records", bronze)
        for name in ("held", "current", "claimed", "words", "versions"):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql(f'bronze_{name}')}")
        counts = _counts(connection, self.read)
        if not self.accept_mass_change:
            _believe(connection, counts, self.delivery.source)
        days = connection.sql("SELECT DISTINCT filed_date FROM versions").fetchall()
        if not days:
            return Landing(None, self.read, counts)
        # Asked of the very state that was compared: whoever comes between takes the number.
        held = bronze.delta.transaction_version(APP_ID) if bronze.delta else None
        number = (held or 0) + 1
        self._append(number)
        return Landing(number, self.read, counts, frozenset(day for (day,) in days))

    def _append(self, number: int) -> None:
        _copy_restated(self.connection)
        frame = Frame(
            CRASH_RECORDS.schema, lambda: _rows(self.connection, self.delivery.source, number)
        )
        if self.store.append_once(CRASH_RECORDS, frame, APP_ID, number) is None:
            raise CommitFailedError(f"landing {number} was taken by another one")


def _counts(connection: "duckdb.DuckDBPyConnection", read: int) -> dict[str, int]:
    rows = connection.sql(
        "SELECT verdict, count(*) FROM words WHERE is_last GROUP BY verdict"
    ).fetchall()
    counts = dict.fromkeys(VERDICTS, 0) | {str(name): int(count) for name, count in rows}
    gone = _one(connection, "SELECT count(*) FROM versions WHERE change = 'disappeared'")
    return counts | {"repeated": read - sum(counts.values()), "disappeared": gone}


def _believe(
    connection: "duckdb.DuckDBPyConnection", counts: Mapping[str, int], source: str
) -> None:
    held = _one(connection, "SELECT count(*) FROM claimed")
    gone = counts["disappeared"]
    if gone > max(MASS_CHANGE_ROWS, MASS_CHANGE_SHARE * held):
        raise MassChangeError(
            f"{gone:,} of the {held:,} records that bronze holds for these days are missing "
            f"from {source}: nothing was landed; if that is right, say --accept-mass-change."
        )
    known = sum(counts[name] for name in VERDICTS if name != "inserted")
    undated = "SELECT count(*) FROM words WHERE is_last AND verdict = 'corrected' AND NOT is_dated"
    strayed = counts["moved"] + _one(connection, undated)
    if strayed > max(MASS_CHANGE_ROWS, MASS_CHANGE_SHARE * known):
        raise MassChangeError(
            f"{strayed:,} of the {known:,} records of {source} that bronze knows have another "
            "crash date now, or none that can be read: nothing was landed; check how its dates are "
            "written, and if they are right, say --accept-mass-change."
        )


def _copy_restated(connection: "duckdb.DuckDBPyConnection") -> None:
    """Fetch again from bronze what holds although something older arrived."""
    connection.execute("DELETE FROM raw_records WHERE record_number < 0")
    if _one(connection, "SELECT count(*) FROM versions WHERE copied_version IS NOT NULL"):
        raw = ", ".join(f"held.{name}" for name in TEXTS)
        connection.execute(
            f"INSERT INTO raw_records SELECT versions.record_number, {raw}, "
            "held.source_updated_at, held.source, held.pulled_at FROM versions "
            "INNER JOIN crash_records AS held ON held.record_key = versions.record_key "
            "AND held.filed_date = versions.filed_date AND held.version = versions.copied_version"
        )


def _rows(
    connection: "duckdb.DuckDBPyConnection", source: str, number: int
) -> pa.RecordBatchReader:
    raw = ", ".join(f"raw_records.{name}" for name in TEXTS)
    rows = connection.sql(
        "SELECT versions.record_key, versions.filed_date, versions.version, versions.change, "
        f"versions.previous_filed_date, {raw}, coalesce(raw_records.source, $source) AS source, "
        "coalesce(raw_records.pulled_at, getvariable('pulled_at')) AS pulled_at, "
        "raw_records.source_updated_at, versions.content_hash, $number::BIGINT AS landing "
        "FROM versions LEFT JOIN raw_records ON versions.record_number = raw_records.record_number "
        "ORDER BY versions.filed_date, versions.record_key, versions.version",
        params={"source": source, "number": number},
    ).to_arrow_reader(BATCH_ROWS)
    return pa.RecordBatchReader.from_batches(rows.schema, _resting(connection, rows))


def _resting(
    connection: "duckdb.DuckDBPyConnection", rows: pa.RecordBatchReader
) -> Iterator[pa.RecordBatch]:
    with rows:
        yield from rows
    connection.execute(f"SET memory_limit = '{RESTING_MEMORY}'")


def _one(connection: "duckdb.DuckDBPyConnection", query: str) -> int:
    return int(connection.sql(query).fetchall()[0][0])
