-- Dead letters by day, stream and what is wrong with them; a lost range counts its positions.
SELECT
    enqueued_date,
    stream,
    error_class,
    stream || ': ' || error_class AS kind,
    count(CASE WHEN lost_count = 0 THEN 1 END) AS message_count,
    count(CASE WHEN replayed_at IS NOT NULL THEN 1 END) AS replayed_count,
    CAST(sum(lost_count) AS BIGINT) AS lost_count
FROM bronze.dead_letters
GROUP BY enqueued_date, stream, error_class
ORDER BY enqueued_date, stream, error_class
