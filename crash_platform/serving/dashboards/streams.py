"""The dashboard of the streams: what waits in the hubs, what came, what was refused, how quickly.

Only counts of messages that are no events are shown: what is in them may be anything.
"""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from crash_platform.pipelines.reports import tables as t
from crash_platform.pipelines.weather import tables as weather
from crash_platform.serving.dashboards.figure import (
    Asked,
    Chart,
    Control,
    Dashboard,
    Field,
    Figure,
)
from crash_platform.serving.dashboards.hub_lag import Describe
from crash_platform.serving.dashboards.rule_words import with_meanings
from crash_platform.serving.dashboards.streams_lag import lag
from crash_platform.serving.dashboards.texts import from_sql
from crash_platform.streams.tables import DEAD_LETTERS

if TYPE_CHECKING:
    import duckdb

PERIODS = (
    ("48", "2 days, by the hour"),
    ("6", "6 hours, by the minute"),
    ("720", "30 days, by the day"),
)
LANDED = (t.CRASH_EVENTS, weather.LANDED_READINGS)
REFUSED = (t.QUARANTINED_REPORTS, weather.QUARANTINED_READINGS)
SILVER = (t.REPORTED_CRASHES, weather.WEATHER_READINGS)


def streams(describe: Describe) -> Dashboard:
    """The dashboard.

    Args:
        describe: gives the state of every stream's hub, soon: see ``hub_lag.stream_states``.
    """
    return Dashboard(
        path="/streams",
        label="Streams",
        group="Quality",
        title="Are live events keeping up?",
        lead=(
            "Reports of crashes and readings of the weather on their way from the hubs to the "
            "tables. Live reports are preliminary, and many of them are simulated: that is said."
        ),
        controls=(Control("period", "The last", "choice", lambda _: PERIODS),),
        figures=(
            totals(),
            lag(describe),
            arrivals(),
            latency(),
            scored(),
            dead_letters(),
            refused(),
            behind(),
        ),
        tables=(*LANDED, *SILVER, *REFUSED, t.LIVE_PREDICTIONS, DEAD_LETTERS),
    )


def totals() -> Figure:
    """The streams in a few numbers."""
    return Figure(
        name="totals",
        title="All that came so far",
        definition=(
            "Events landed: deliveries in bronze, repeated ones too. A dead letter is a message "
            "that is no event of its contract; a replayed one was read after all. Lost: positions "
            "that retention took before they were landed. Scored: versions of reports; half of "
            "them waited no longer than the median from the hub to the score."
        ),
        fields=(
            Field("event_count", "Events landed", "count"),
            Field("landed_at", "Last landing", "moment"),
            Field("dead_count", "Dead letters", "count"),
            Field("replayed_count", "replayed since", "count", beside="dead_count"),
            Field("lost_count", "positions lost", "count", beside="dead_count"),
            Field("scored_count", "Reports scored", "count"),
            Field("simulated_share", "simulated", "share", beside="scored_count"),
            Field("median_ms", "Median wait for a score", "milliseconds"),
        ),
        rows=from_sql("streams_totals"),
        chart=Chart("tiles"),
        sources=(*LANDED, DEAD_LETTERS, t.LIVE_PREDICTIONS),
        filled_by="events in a hub, and a landing",
    )


def arrivals() -> Figure:
    """Events by the time of their arrival in the hub."""
    return Figure(
        name="arrivals",
        title="Events landed",
        definition=(
            "Deliveries in bronze by the time (UTC) at which the hub took them, in the period "
            "chosen above, counted back from the newest of them. Repeated deliveries count."
        ),
        fields=(
            Field("moment", "Time", "moment"),
            Field("stream", "Stream"),
            Field("event_count", "Events", "count"),
        ),
        rows=from_sql("streams_arrivals"),
        chart=Chart("bar", "moment", ("event_count",), by="stream", is_stacked=True),
        sources=LANDED,
        filled_by="events in a hub, and a landing",
    )


def latency() -> Figure:
    """How long reports waited for their score."""
    return Figure(
        name="latency",
        title="How long reports wait for their score",
        definition=(
            "From the hub's taking a report to its score, by the time of scoring (UTC), counted "
            "back from the newest one: the median, and what 99 of 100 stayed below. A worker that "
            "was away and catches up waits long: that is in it."
        ),
        fields=(
            Field("moment", "Time", "moment"),
            Field("median_ms", "Median", "milliseconds"),
            Field("slowest_ms", "99 of 100 below", "milliseconds"),
            Field("longest_ms", "Longest", "milliseconds"),
            Field("scored_count", "Reports scored", "count"),
        ),
        rows=from_sql("streams_scored"),
        chart=Chart("line", "moment", ("median_ms", "slowest_ms")),
        sources=(t.LIVE_PREDICTIONS,),
        is_half=True,
        filled_by="the live worker: crash-platform stream",
    )


def scored() -> Figure:
    """Scored reports, made up or not."""
    return Figure(
        name="scored",
        title="Reports scored",
        definition=(
            "Versions of reports by the time at which they were scored (UTC), counted back from "
            "the newest one; those a generator made up apart."
        ),
        fields=(
            Field("moment", "Time", "moment"),
            Field("real_count", "Reported", "count"),
            Field("simulated_count", "Simulated", "count"),
        ),
        rows=from_sql("streams_scored"),
        chart=Chart("bar", "moment", ("real_count", "simulated_count"), is_stacked=True),
        sources=(t.LIVE_PREDICTIONS,),
        is_half=True,
        filled_by="the live worker: crash-platform stream",
    )


def dead_letters() -> Figure:
    """Messages that are no events, and ranges that were lost."""
    return Figure(
        name="dead_letters",
        title="Messages that are no events",
        definition=(
            "Dead letters of all days by the day the hub took them (UTC), stream and what is wrong "
            "with them. They are kept byte for byte and can be replayed: crash-platform replay. A "
            "range that retention took is no message; its positions are counted apart, under the "
            "day it was noticed."
        ),
        fields=(
            Field("enqueued_date", "Day", "day"),
            Field("kind", "Stream and error"),
            Field("message_count", "Messages", "count"),
            Field("replayed_count", "Of these, replayed", "count"),
            Field("lost_count", "Positions lost", "count"),
        ),
        rows=from_sql("streams_dead"),
        chart=Chart("bar", "enqueued_date", ("message_count",), by="kind", is_stacked=True),
        sources=(DEAD_LETTERS,),
        is_half=True,
        note=lambda rows: "" if rows.num_rows else "None came so far.",
        filled_by="a message that is no event of its contract",
    )


def refused() -> Figure:
    """Events that a rule refused."""
    meanings = {rule.name: rule.description for table in SILVER for rule in table.rules}
    return Figure(
        name="refused",
        title="Events that a rule refused",
        definition=(
            "Newest versions of events that break a rule of silver, by the day they are about. An "
            "event that broke two rules counts under both."
        ),
        fields=(
            Field("event_date", "Day", "day"),
            Field("rule", "Broken rule"),
            Field("event_count", "Events", "count"),
            Field("stream", "Stream"),
            Field("meaning", "What the rule says"),
        ),
        rows=partial(_refused, meanings),
        chart=Chart("bar", "event_date", ("event_count",), by="rule", is_stacked=True),
        sources=REFUSED,
        is_half=True,
        note=lambda rows: "" if rows.num_rows else "No rule has refused an event so far.",
        filled_by="an event that breaks a rule",
    )


def _refused(
    meanings: Mapping[str, str], connection: "duckdb.DuckDBPyConnection", asked: Asked
) -> pa.Table:
    rows = from_sql("streams_refused")(connection, asked)
    return with_meanings(rows, meanings)


def behind() -> Figure:
    """Days in which silver is behind."""
    return Figure(
        name="behind",
        title="Days that are behind",
        definition=(
            "Days in which silver is not what bronze says: events whose newest version is neither "
            "in silver nor in its quarantine, and rows of older versions that are still there. The "
            "sensor makes such days anew; an event of tomorrow waits for its day."
        ),
        fields=(
            Field("stream", "Stream"),
            Field("event_date", "Day", "day"),
            Field("missing_count", "Events missing", "count"),
            Field("outdated_count", "Outdated rows", "count"),
        ),
        rows=from_sql("streams_behind"),
        sources=(*LANDED, *SILVER, *REFUSED),
        note=lambda rows: "" if rows.num_rows else "No day is behind.",
        filled_by="events in a hub, and a landing",
    )
