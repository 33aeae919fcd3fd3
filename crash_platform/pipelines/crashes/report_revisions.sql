-- Revisions by kind: records, not fields.
SELECT
    change,
    count(DISTINCT concat(record_key, '@', CAST(version AS STRING))) AS record_count,
    substr(CAST(max(seen_at) AS STRING), 1, 16) AS last_seen_at
FROM crash_revisions
GROUP BY change
ORDER BY change
