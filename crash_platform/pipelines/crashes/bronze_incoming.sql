-- Each record of a delivery with its key, the day it names, and a digest of what it says (formatting apart).
-- A record without a usable id is its own contents; a day outside the calendar, or after the pull, is none.
SELECT
    record_number,
    CASE
        WHEN regexp_full_match(collision_id, '[0-9]*[1-9][0-9]*') THEN collision_id
        ELSE concat('digest:', content_hash)
    END AS record_key,
    CASE
        WHEN day_of(crash_date) BETWEEN getvariable('first_day') AND getvariable('pulled_date') THEN day_of(crash_date)
    END AS said_date,
    content_hash,
    source_updated_at
FROM hashed
