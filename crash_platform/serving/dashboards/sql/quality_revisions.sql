-- Records that changed after their day was first landed, by month of the record and kind of change.
SELECT
    strftime(filed_date, '%Y-%m') AS filed_month,
    change,
    count(DISTINCT record_key || '@' || CAST(version AS VARCHAR)) AS record_count,
    max(seen_at) AS last_seen_at
FROM silver.crash_revisions
WHERE filed_date BETWEEN $first_day AND $last_day
GROUP BY strftime(filed_date, '%Y-%m'), change
ORDER BY filed_month, change
