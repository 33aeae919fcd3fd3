-- What all days together hold.
SELECT
    count(*) AS day_count,
    count(CASE WHEN is_current THEN 1 END) AS current_count,
    date_diff('day', min(crash_date), max(crash_date)) + 1 - count(*) AS missing_count,
    max(crash_date) AS newest_day,
    max(last_pulled_at) AS last_pulled_at,
    CAST(sum(clean_count) AS BIGINT) AS clean_count,
    CAST(sum(quarantined_count) AS BIGINT) AS quarantined_count,
    sum(quarantined_count) / nullif(sum(clean_count) + sum(quarantined_count), 0) AS quarantined_share,
    CAST(sum(revision_count) AS BIGINT) AS revision_count
FROM gold.crash_coverage
HAVING count(*) > 0
