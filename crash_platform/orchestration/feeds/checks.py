"""What every feed promises: each position once, each event once, nothing lost, few dead letters.

What the fields of its events promise is said by its pipeline.
"""

import dagster as dg

from crash_platform.engine.plan import Step
from crash_platform.orchestration.feeds.events import AT, RANKED
from crash_platform.orchestration.feeds.feed import Feed
from crash_platform.orchestration.promises import Promise, promise_check
from crash_platform.streams.tables import DEAD_LETTERS, POSITION, Stream

RETENTION_DAYS = 7
"""How long hubs keep events by default: an older position is not landed a second time."""

MOST_DEAD = 0.01

_SAME_POSITION = " AND ".join(f"newest.{each.name} = held.{each.name}" for each in POSITION)
_NEWEST = Step("newest", RANKED.format(source="landed"))
_LOST = f"""
SELECT
    coalesce(newest.event_id, held.event_id) AS event_id,
    coalesce(newest.event_date, held.event_date) AS event_date,
    newest.sequence_number AS bronze_sequence_number,
    min(held.sequence_number) AS silver_sequence_number,
    count(held.event_id) AS times
FROM (
    SELECT * FROM newest WHERE place = 1 AND event_date IN (SELECT run_day FROM run_days)
) AS newest
FULL OUTER JOIN (
    SELECT * FROM placed WHERE event_date IN (SELECT run_day FROM run_days)
) AS held
    ON newest.event_id = held.event_id
    AND newest.event_date = held.event_date
    AND {_SAME_POSITION}
GROUP BY
    coalesce(newest.event_id, held.event_id),
    coalesce(newest.event_date, held.event_date),
    newest.sequence_number
HAVING count(held.event_id) <> 1 OR newest.sequence_number IS NULL
"""
_REPEATED = f"""
SELECT
    held.event_id,
    count(*) AS times,
    min(held.event_date) AS first_day,
    max(held.event_date) AS last_day
FROM all_kept AS held
LEFT JOIN newest ON held.event_id = newest.event_id AND {_SAME_POSITION}
WHERE held.event_id IN (SELECT event_id FROM kept)
    AND (coalesce(newest.place, 1) = 1 OR held.event_date IN (SELECT run_day FROM run_days))
GROUP BY held.event_id
HAVING count(*) > 1
"""


def feed_checks(feed: Feed) -> list[dg.AssetChecksDefinition]:
    """The asset checks of a feed that are the same for all."""
    return [promise_check(promise) for promise in feed_promises(feed)]


def feed_promises(feed: Feed) -> tuple[Promise, ...]:
    """What is promised of bronze and silver of every feed.

    Bronze is looked at by the day of arrival, silver by the day of the event.
    """
    return (
        _positions_once(feed.stream),
        _few_dead(feed.stream),
        _nothing_expired(feed.stream),
        _nothing_lost(feed),
        _events_once(feed),
    )


def _positions_once(stream: Stream) -> Promise:
    return Promise(
        "every_position_is_landed_once",
        stream.table,
        "No position of the hub is in bronze twice, as far back as a hub usually keeps events.",
        f"SELECT {AT}, count(*) AS times FROM landed GROUP BY {AT} HAVING count(*) > 1",
        (("landed", stream.table, RETENTION_DAYS),),
    )


def _few_dead(stream: Stream) -> Promise:
    dead = f"SELECT {AT}, error_class, reason FROM dead_letters WHERE {_is_message_of(stream)}"
    return Promise(
        "few_messages_are_dead",
        stream.table,
        "At most 1 % of the messages that arrived are no events, else a sender is broken.",
        "SELECT * FROM dead",
        (("landed", stream.table, 0), ("dead_letters", DEAD_LETTERS, 0)),
        is_blocking=False,
        tolerated_share=MOST_DEAD,
        steps=(
            Step("dead", dead),
            Step("arrived", f"SELECT {AT} FROM landed UNION ALL SELECT {AT} FROM dead"),
        ),
        subject="arrived",
    )


def _is_message_of(stream: Stream) -> str:
    """Dead letters that are messages still; one that was replayed is in bronze."""
    return f"stream = '{stream.name}' AND lost_count = 0 AND replayed_at IS NULL"


def _nothing_expired(stream: Stream) -> Promise:
    lost = f"stream = '{stream.name}' AND lost_count > 0"
    return Promise(
        "nothing_was_lost_to_retention",
        stream.table,
        "No event was removed from the hub before it was landed.",
        f"SELECT {AT}, lost_count, reason FROM dead_letters WHERE {lost}",
        (("dead_letters", DEAD_LETTERS, 0),),
        is_blocking=False,
    )


def _nothing_lost(feed: Feed) -> Promise:
    return Promise(
        "no_event_is_lost_between_bronze_and_silver",
        feed.silver,
        "The newest version of every event of these days is in silver or quarantined, once, and "
        "nothing else is.",
        _LOST,
        (
            ("landed", feed.stream.table, None),
            ("kept", feed.silver, 0),
            ("refused", feed.quarantine, 0),
        ),
        steps=(_NEWEST, _placed(feed)),
        subject="placed",
    )


def _placed(feed: Feed) -> Step:
    parts = (("kept", feed.silver), ("refused", feed.quarantine))
    return Step(
        "placed",
        " UNION ALL ".join(
            f"SELECT event_id, {table.day_column} AS event_date, {AT} FROM {name}"
            for name, table in parts
        ),
    )


def _events_once(feed: Feed) -> Promise:
    """A row that bronze knows to be superseded counts in the run's days only.

    In other days it waits for its own run: an event that moved is then in both for a while.
    """
    day = feed.silver.day_column
    everything = f"SELECT event_id, {day} AS event_date, {AT} FROM whole_table"
    return Promise(
        "every_event_is_there_once",
        feed.silver,
        "An event is in silver once, over all days.",
        _REPEATED,
        (
            ("kept", feed.silver, 0),
            ("whole_table", feed.silver, None),
            ("landed", feed.stream.table, None),
        ),
        steps=(_NEWEST, Step("all_kept", everything)),
    )
