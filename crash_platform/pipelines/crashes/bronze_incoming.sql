-- Each record of a delivery with its key, the day it names, and a digest of what it says (formatting apart).
-- A record without a usable id is its own contents; a day outside the calendar, or after the pull, is none.
WITH dated AS (
    SELECT *, day_of(crash_date) AS named_date FROM hashed
)

SELECT
    record_number,
    CASE
        WHEN regexp_full_match(collision_id, '[0-9]*[1-9][0-9]*') THEN collision_id
        ELSE concat('digest:', content_hash)
    END AS record_key,
    CASE
        WHEN named_date BETWEEN getvariable('first_day') AND getvariable('pulled_date') THEN named_date
    END AS said_date,
    content_hash,
    source_updated_at
FROM dated
