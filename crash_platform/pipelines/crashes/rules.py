"""The promises every crash record is held to, declared once: refused where broken, or flagged.

Expressions run over the typed record of ``silver_typed.sql`` in both engines.
"""

from crash_platform.lake.contract import Rule
from crash_platform.settings import FIRST_DAY

_COUNTS = tuple(
    f"{kind}_{outcome}"
    for kind in ("persons", "pedestrians", "cyclists", "motorists")
    for outcome in ("injured", "killed")
)
_READABLE = " AND ".join(
    f"({name}_text IS NULL OR ({name} IS NOT NULL AND {name} >= 0))" for name in _COUNTS
)

RULES = (
    Rule(
        "collision_id_is_a_number",
        "collision_id IS NOT NULL AND collision_id > 0 "
        "AND record_key = CAST(collision_id AS STRING)",
        "refuse",
        "The collision id is a positive whole number, written plainly.",
    ),
    Rule(
        "crash_date_is_a_day",
        "crash_date IS NOT NULL",
        "refuse",
        "The crash date is a calendar day (YYYY-MM-DD or MM/DD/YYYY).",
    ),
    Rule(
        "crash_date_is_in_the_calendar",
        f"crash_date IS NULL OR crash_date >= DATE '{FIRST_DAY}'",
        "refuse",
        f"The crash happened on {FIRST_DAY} or later, when the collision records start.",
    ),
    Rule(
        "crash_date_is_not_in_the_future",
        "crash_date IS NULL OR crash_date <= pulled_date",
        "refuse",
        "The crash did not happen after the source reported it.",
    ),
    Rule(
        "counts_are_whole_numbers",
        _READABLE,
        "refuse",
        "Each count of injured or killed is missing or a whole number of at least 0.",
    ),
    Rule(
        "borough_is_known",
        "NOT is_borough_unknown",
        "flag",
        "The reported borough, where there is one, is one of the five.",
    ),
    Rule(
        "time_is_readable",
        "NOT is_time_unreadable",
        "flag",
        "The crash time, where there is one, is H:MM between 0:00 and 23:59.",
    ),
    Rule(
        "coordinates_are_in_the_city",
        "coordinates_issue IS NULL OR coordinates_issue = 'missing'",
        "flag",
        "Reported coordinates lie between 40.45 and 40.95 north, -74.30 and -73.65 east.",
    ),
    Rule(
        "total_is_at_least_its_kinds",
        "NOT has_total_below_kinds",
        "flag",
        "Persons are at least pedestrians, cyclists and motorists together.",
    ),
    Rule(
        "time_exists_once",
        "NOT is_in_dst_gap AND NOT is_in_dst_fold",
        "flag",
        "The local time exists exactly once (not in a change of daylight-saving time).",
    ),
)
