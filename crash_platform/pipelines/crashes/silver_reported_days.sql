-- Every spelling of a crash date in bronze's window, with its day, and whether the clocks change on it.
WITH days AS (
    SELECT reported, day_of(clean_text(reported)) AS crash_date
    FROM (SELECT DISTINCT crash_date AS reported FROM crash_records) AS spellings
)

SELECT
    *,
    EXTRACT(MONTH FROM crash_date) = 3 AND EXTRACT(DAY FROM crash_date) BETWEEN 8 AND 14
        AND iso_weekday(crash_date) = 7 AS has_dst_gap,
    EXTRACT(MONTH FROM crash_date) = 11 AND EXTRACT(DAY FROM crash_date) BETWEEN 1 AND 7
        AND iso_weekday(crash_date) = 7 AS has_dst_fold
FROM days
