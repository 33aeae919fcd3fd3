-- Events by the moment at which the hub took them, in the period up to the newest; none is 0.
WITH events AS (
    SELECT 'crash reports' AS stream, enqueued_at FROM bronze.crash_events
    UNION ALL
    SELECT 'weather', enqueued_at FROM bronze.weather_readings
),

counted AS (
    SELECT
        stream,
        date_trunc(CASE $period WHEN '6' THEN 'minute' WHEN '48' THEN 'hour' ELSE 'day' END, enqueued_at) AS moment,
        count(*) AS event_count
    FROM events
    WHERE enqueued_at > (SELECT max(enqueued_at) FROM events) - to_hours(CAST($period AS INTEGER))
    GROUP BY ALL
),

moments AS (
    SELECT
        unnest(
            generate_series(
                min(moment),
                max(moment),
                CASE $period WHEN '6' THEN INTERVAL 1 MINUTE WHEN '48' THEN INTERVAL 1 HOUR ELSE INTERVAL 1 DAY END
            )
        ) AS moment
    FROM counted
),

streams AS (
    SELECT DISTINCT stream FROM counted
)

SELECT moments.moment, streams.stream, coalesce(counted.event_count, 0) AS event_count
FROM moments
CROSS JOIN streams
LEFT JOIN counted ON moments.moment = counted.moment AND streams.stream = counted.stream
ORDER BY moments.moment, streams.stream
