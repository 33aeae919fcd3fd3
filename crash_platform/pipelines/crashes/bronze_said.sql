-- What a delivery says of each record, every different content once, in the order in which it was said. A word
-- without a day keeps the day of the word before.
WITH repeated AS (
    SELECT record_key FROM incoming GROUP BY record_key HAVING count(*) > 1
),

ordered AS (
    SELECT incoming.*, row_number() OVER words AS position
    FROM incoming
    SEMI JOIN repeated ON incoming.record_key = repeated.record_key
    WINDOW words AS (
        PARTITION BY incoming.record_key
        ORDER BY incoming.source_updated_at NULLS FIRST, incoming.record_number
    )
),

distinct_words AS (
    SELECT *
    FROM ordered
    QUALIFY row_number() OVER (PARTITION BY record_key, content_hash ORDER BY position DESC) = 1
)

SELECT
    *,
    last_value(said_date IGNORE NULLS) OVER (PARTITION BY record_key ORDER BY position) AS carried_date,
    position = max(position) OVER (PARTITION BY record_key) AS is_last,
    count(*) OVER (PARTITION BY record_key) = 1 AS is_only
FROM distinct_words
UNION ALL
SELECT incoming.*, 1 AS position, incoming.said_date AS carried_date, TRUE AS is_last, TRUE AS is_only
FROM incoming
ANTI JOIN repeated ON incoming.record_key = repeated.record_key
