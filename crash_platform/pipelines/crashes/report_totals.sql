-- What all days together hold.
SELECT
    count(*) AS day_count,
    count(CASE WHEN is_current THEN 1 END) AS current_count,
    CAST(min(crash_date) AS STRING) AS oldest_day,
    CAST(max(crash_date) AS STRING) AS newest_day,
    substr(CAST(max(last_pulled_at) AS STRING), 1, 16) AS last_pulled_at,
    CAST(coalesce(sum(bronze_count), 0) AS BIGINT) AS bronze_count,
    CAST(coalesce(sum(superseded_count), 0) AS BIGINT) AS superseded_count,
    CAST(coalesce(sum(clean_count), 0) AS BIGINT) AS clean_count,
    CAST(coalesce(sum(quarantined_count), 0) AS BIGINT) AS quarantined_count,
    CAST(coalesce(sum(revision_count), 0) AS BIGINT) AS revision_count,
    CAST(coalesce(sum(located_count), 0) AS BIGINT) AS located_count
FROM crash_coverage
