"""What a stream is, and the contracts of bronze that every stream shares.

Events as they came, and dead letters.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from crash_platform.lake.contract import Column, Table
from crash_platform.settings import Settings
from crash_platform.streams.event import EventContract

TEXT, WHOLE, DAY, BYTES = pa.string(), pa.int64(), pa.date32(), pa.binary()
MOMENT = pa.timestamp("us", tz="UTC")

POSITION = (
    Column(
        "hub_generation", WHOLE, "Which hub of that name; another number after re-creation.", False
    ),
    Column("partition_id", TEXT, "Partition of the hub.", False),
    Column("sequence_number", WHOLE, "Position in the partition (Kafka: the offset).", False),
)
_DELIVERY = (
    Column("offset", TEXT, "What the server calls the position; opaque.", False),
    Column("enqueued_at", MOMENT, "When the hub took it (UTC).", False),
    Column("enqueued_date", DAY, "Day of enqueued_at (UTC).", False),
    Column("partition_key", TEXT, "Partition key, where the producer gave one."),
    Column("properties", TEXT, "Application properties (Kafka: headers), as a JSON object.", False),
)
_LANDED = (
    Column("landed_at", MOMENT, "When it was read from the hub (UTC).", False),
    Column("landing", WHOLE, "Number of the landing of its stream that brought it.", False),
)

EVENT = (
    Column("event_id", TEXT, "The event's id, given by who reports.", False),
    Column("event_version", WHOLE, "Counts corrections of the event; this is the highest.", False),
    Column("source", TEXT, "What sent the event, as it says."),
    Column("is_simulated", pa.bool_(), "Made up, by a generator.", False),
    Column("enqueued_at", MOMENT, "When the hub took this version (UTC).", False),
    *POSITION,
)
"""What every silver table of events begins with."""

LOG_HOURS = 24
"""How long the log of a stream's table remembers versions: commits come by the minute."""

DEAD_LETTERS = Table(
    layer="bronze",
    name="dead_letters",
    description="Every message that is no event of its contract, byte for byte, of all streams; "
    "and every range that retention took before it was landed.",
    columns=(
        Column("stream", TEXT, "The stream it came from.", False),
        *POSITION,
        *_DELIVERY,
        Column("body", BYTES, "The message, byte for byte; null for a lost range."),
        Column("error_class", TEXT, "One word for what is wrong with it.", False),
        Column("reason", TEXT, "What is wrong with it.", False),
        Column("lost_count", WHOLE, "Positions of a lost range; 0 for a message.", False),
        Column("attempts", WHOLE, "How often it was tried to read it as an event.", False),
        Column("replayed_at", MOMENT, "When it was taken over into its stream's bronze (UTC)."),
        *_LANDED,
    ),
    key=("stream", "hub_generation", "partition_id", "sequence_number"),
    day_column="enqueued_date",
    filtered=("stream",),
    log_hours=LOG_HOURS,
)


def event_table(name: str, what: str) -> Table:
    """The bronze table of a stream; ``what`` its events are, as in "reports of crashes"."""
    return Table(
        layer="bronze",
        name=name,
        description=f"Every delivery of {what} from the hub as it came; only ever added to.",
        columns=(
            *POSITION,
            *_DELIVERY,
            Column("event_id", TEXT, "The event's id, given by who reports.", False),
            Column("event_version", WHOLE, "Counts corrections of the event.", False),
            Column("event_date", DAY, "Day the event is about.", False),
            Column("schema_version", WHOLE, "Version of the event's schema.", False),
            Column("body", TEXT, "The event as it came (JSON).", False),
            *_LANDED,
        ),
        key=("hub_generation", "partition_id", "sequence_number"),
        day_column="enqueued_date",
        filtered=("event_date", "landing"),
        log_hours=LOG_HOURS,
    )


def quarantine_table(silver: Table) -> Table:
    """The table of the events that break a rule of silver, in their raw form."""
    return Table(
        layer=silver.layer,
        name=f"quarantined_{silver.name}",
        description=f"Every event refused by the rules of {silver.path}, in its raw form.",
        columns=(
            *EVENT,
            silver.column(silver.day_column),
            Column("broken_rules", TEXT, "Names of all rules it broke, comma-separated.", False),
            Column("body", TEXT, "The event as it came (JSON).", False),
        ),
        key=("event_id",),
        day_column=silver.day_column,
        log_hours=silver.log_hours,
    )


@dataclass(frozen=True)
class Stream:
    """One kind of event on its way to bronze.

    Attributes:
        name: under which positions are kept; never changed once events were landed.
        hub: what the settings call its hub or topic.
        contract: what its events are.
        table: bronze, made by ``event_table``.
    """

    name: str
    hub: Callable[[Settings], str]
    contract: EventContract
    table: Table
