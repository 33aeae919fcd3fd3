-- Which fields were changed in records that were corrected or moved.
SELECT
    replace(crash_revisions.field, '_', ' ') AS field,
    count(*) AS change_count,
    count(DISTINCT record_key) AS record_count,
    count(CASE WHEN old_value IS NULL THEN 1 END) AS filled_count,
    count(CASE WHEN new_value IS NULL THEN 1 END) AS emptied_count
FROM silver.crash_revisions AS crash_revisions
WHERE crash_revisions.field IS NOT NULL AND filed_date BETWEEN $first_day AND $last_day
GROUP BY crash_revisions.field
ORDER BY change_count DESC, field
