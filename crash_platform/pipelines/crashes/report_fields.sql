-- Which fields are corrected most often.
SELECT field, count(*) AS change_count, min(record_key) AS example
FROM crash_revisions
WHERE field IS NOT NULL
GROUP BY field
ORDER BY change_count DESC, field
