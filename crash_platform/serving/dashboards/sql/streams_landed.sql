-- What the lake holds of every partition, of the hub it was read from last.
WITH held AS (
    SELECT 'crash_reports' AS stream, hub_generation, partition_id, sequence_number, enqueued_at, landed_at
    FROM bronze.crash_events
    UNION ALL
    SELECT 'weather', hub_generation, partition_id, sequence_number, enqueued_at, landed_at
    FROM bronze.weather_readings
    UNION ALL
    SELECT stream, hub_generation, partition_id, sequence_number, enqueued_at, landed_at
    FROM bronze.dead_letters
    WHERE lost_count = 0
),

newest AS (
    SELECT stream, arg_max(hub_generation, landed_at) AS hub_generation
    FROM held
    GROUP BY stream
)

SELECT
    held.stream,
    held.partition_id,
    count(*) AS message_count,
    max(held.sequence_number) AS landed_position,
    max(held.enqueued_at) AS enqueued_at,
    max(held.landed_at) AS landed_at
FROM held
INNER JOIN newest ON held.stream = newest.stream AND held.hub_generation = newest.hub_generation
GROUP BY held.stream, held.partition_id
ORDER BY held.stream, held.partition_id
