r"""The few SQL functions that the dialects spell differently, each declared once per engine.

Everything else in a SQL text is what DuckDB and Spark both understand. Regular expressions use only
what RE2 and Java agree on: explicit classes instead of ``\s``, ``\z`` instead of ``$`` (which Java
also finds before a last line break), no dot, no back references.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """One SQL function: parameters as (name, Spark type), Spark's return type, bodies by engine."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    returns: str
    duckdb: str
    spark: str
    description: str


_X = (("x", "STRING"),)
_BLANKS = r"[ \t\n\x0B\f\r]+"
_ODD_BLANKS = " OR ".join(f"contains(x, chr({code}))" for code in (9, 10, 11, 12, 13))
_SINGLE_BLANKS = f"nullif(trim(regexp_replace(x, '{_BLANKS}', ' ', 'g'), ' '), '')"
_NOT_ALPHANUMERIC = "[^A-Za-z0-9]+"
_INTEGER = r"^-?[0-9]{1,18}\z"
_DECIMAL = r"^-?[0-9]{1,18}(\.[0-9]{1,18})?\z"
# 0001 to 9999: a year 0 is a date to the engines, but not to anything that reads their answer.
_YEAR = "([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_ISO_DAY = rf"^{_YEAR}-[0-9]{{2}}-[0-9]{{2}}([T ]|\z)"
_US_DAY = rf"^[0-9]{{2}}/[0-9]{{2}}/{_YEAR}\z"
_TIME = r"^([01]?[0-9]|2[0-3]):[0-5][0-9]\z"
_SMALL, _CAPITAL = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _spark(pattern: str) -> str:
    return pattern.replace("\\", "\\\\")


FUNCTIONS = (
    Function(
        "clean_text",
        _X,
        "STRING",
        # Nearly every value is clean or padded, and told so by tests far cheaper than the regular
        # expression. DuckDB's trim without a set takes every Unicode blank: for ASCII it is the
        # plain one alone, and several times faster.
        "CASE WHEN x IS NULL THEN NULL WHEN strlen(x) = 1 AND x >= '!' THEN x "
        f"WHEN x < '!' OR {_ODD_BLANKS} THEN {_SINGLE_BLANKS} "
        "WHEN NOT (ends_with(x, ' ') OR contains(x, '  ')) THEN x "
        "WHEN strlen(x) = length(x) AND NOT contains(rtrim(x), '  ') THEN rtrim(x) "
        f"ELSE {_SINGLE_BLANKS} END",
        f"nullif(trim(regexp_replace(x, '{_spark(_BLANKS)}', ' ')), '')",
        "Text without blanks around it and with single blanks inside; null where nothing is left.",
    ),
    Function(
        "capitals",
        _X,
        "STRING",
        # upper() is thirty times faster, and right where all is ASCII.
        "CASE WHEN strlen(x) = length(x) THEN upper(x) "
        f"ELSE translate(x, '{_SMALL}', '{_CAPITAL}') END",
        f"translate(x, '{_SMALL}', '{_CAPITAL}')",
        "Text with a-z in capitals; the engines disagree on what upper() makes of other letters.",
    ),
    Function(
        "vocabulary_key",
        _X,
        "STRING",
        f"lower(trim(regexp_replace(x, '{_NOT_ALPHANUMERIC}', ' ', 'g')))",
        f"lower(trim(regexp_replace(x, '{_NOT_ALPHANUMERIC}', ' ')))",
        "What a vocabulary is looked up by: lower-case letters and digits, single blanks.",
    ),
    Function(
        "plain_number",
        _X,
        "STRING",
        "CASE WHEN NOT (ends_with(x, '0') OR ends_with(x, '.')) OR NOT contains(x, '.') THEN x "
        "ELSE rtrim(rtrim(x, '0'), '.') END",
        "CASE WHEN x LIKE '%.%' THEN trim(TRAILING '.' FROM trim(TRAILING '0' FROM x)) ELSE x END",
        "A number's text without the zeros that mean nothing: 40.70 and 40.7 are one number.",
    ),
    Function(
        "strict_bigint",
        _X,
        "BIGINT",
        f"CASE WHEN strlen(x) = 1 AND x BETWEEN '0' AND '9' OR regexp_matches(x, '{_INTEGER}') "
        "THEN CAST(x AS BIGINT) END",
        f"CASE WHEN x RLIKE '{_spark(_INTEGER)}' THEN CAST(x AS BIGINT) END",
        "A whole number, or null where the text is anything else; never rounded.",
    ),
    Function(
        "strict_double",
        _X,
        "DOUBLE",
        f"CASE WHEN regexp_matches(x, '{_DECIMAL}') THEN CAST(x AS DOUBLE) END",
        f"CASE WHEN x RLIKE '{_spark(_DECIMAL)}' THEN CAST(x AS DOUBLE) END",
        "A decimal number, or null where the text is anything else.",
    ),
    Function(
        "day_of",
        _X,
        "DATE",
        f"CASE WHEN regexp_matches(x, '{_ISO_DAY}') THEN TRY_CAST(substr(x, 1, 10) AS DATE) "
        f"WHEN regexp_matches(x, '{_US_DAY}') THEN TRY_CAST(concat(substr(x, 7, 4), '-', "
        "substr(x, 1, 2), '-', substr(x, 4, 2)) AS DATE) END",
        f"CASE WHEN x RLIKE '{_spark(_ISO_DAY)}' THEN TRY_CAST(substr(x, 1, 10) AS DATE) "
        f"WHEN x RLIKE '{_spark(_US_DAY)}' THEN TRY_CAST(concat(substr(x, 7, 4), '-', "
        "substr(x, 1, 2), '-', substr(x, 4, 2)) AS DATE) END",
        "A calendar day from YYYY-MM-DD (with or without a time) or MM/DD/YYYY, else null.",
    ),
    Function(
        "moment_of",
        (("day", "DATE"), ("time", "STRING")),
        "TIMESTAMP_NTZ",
        f"CASE WHEN regexp_matches(time, '{_TIME}') THEN day + CAST(time || ':00' AS TIME) END",
        f"CASE WHEN time RLIKE '{_spark(_TIME)}' THEN CAST(CAST(day AS STRING) || ' ' || "
        "lpad(time, 5, '0') || ':00' AS TIMESTAMP_NTZ) END",
        "A local moment without a zone from a day and H:MM; null where the time cannot be read.",
    ),
    Function(
        "iso_weekday",
        (("day", "DATE"),),
        "INT",
        "CAST(isodow(day) AS INTEGER)",
        "CAST(weekday(day) + 1 AS INT)",
        "Monday 1 to Sunday 7.",
    ),
    Function(
        "compact_list",
        tuple((name, "STRING") for name in "abcde"),
        "ARRAY<STRING>",
        "list_filter([a, b, c, d, e], lambda item: item IS NOT NULL)",
        "array_compact(array(a, b, c, d, e))",
        "The values that are not null, in order.",
    ),
    Function(
        "item_of",
        (("items", "ARRAY<STRING>"), ("position", "INT")),
        "STRING",
        "CASE WHEN position > 0 THEN list_extract(items, position) END",
        "get(items, position - 1)",
        "The item at a position counted from 1; null beyond the end.",
    ),
    Function(
        "digest",
        _X,
        "STRING",
        "substr(md5(x), 1, 16)",
        "substr(md5(x), 1, 16)",
        "64 bits of the text's MD5 as hexadecimal: tells versions of one record apart.",
    ),
)
