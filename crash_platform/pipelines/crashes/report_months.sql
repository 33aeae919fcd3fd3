-- Coverage by month: days, crashes, and how many of them can be put on a map.
SELECT
    substr(CAST(crash_date AS STRING), 1, 7) AS crash_month,
    count(*) AS day_count,
    count(CASE WHEN is_current THEN 1 END) AS current_count,
    CAST(sum(clean_count) AS BIGINT) AS clean_count,
    CAST(sum(quarantined_count) AS BIGINT) AS quarantined_count,
    CAST(sum(revision_count) AS BIGINT) AS revision_count,
    CAST(sum(located_count) AS DOUBLE) / nullif(sum(clean_count), 0) AS located_share
FROM crash_coverage
GROUP BY substr(CAST(crash_date AS STRING), 1, 7)
ORDER BY crash_month DESC
