-- Days in which silver is not what bronze says: the newest version of each event is in neither table, or an older
-- one still is. Of a version that was delivered twice the first delivery counts.
WITH landed AS (
    SELECT
        'crash_reports' AS stream, event_id, event_version, event_date, enqueued_at, hub_generation, partition_id,
        sequence_number
    FROM bronze.crash_events
    UNION ALL
    SELECT
        'weather', event_id, event_version, event_date, enqueued_at, hub_generation, partition_id, sequence_number
    FROM bronze.weather_readings
),

ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY stream, event_id
            ORDER BY event_version DESC, enqueued_at, hub_generation, partition_id, sequence_number
        ) AS place
    FROM landed
),

newest AS (
    SELECT stream, event_id, event_date, hub_generation, partition_id, sequence_number FROM ranked WHERE place = 1
),

held AS (
    SELECT 'crash_reports' AS stream, event_id, crash_date AS event_date, hub_generation, partition_id, sequence_number
    FROM silver.reported_crashes
    UNION ALL
    SELECT 'crash_reports', event_id, crash_date, hub_generation, partition_id, sequence_number
    FROM silver.quarantined_reported_crashes
    UNION ALL
    SELECT 'weather', event_id, observed_date, hub_generation, partition_id, sequence_number
    FROM silver.weather_readings
    UNION ALL
    SELECT 'weather', event_id, observed_date, hub_generation, partition_id, sequence_number
    FROM silver.quarantined_weather_readings
),

differing AS (
    SELECT *, 1 AS is_missing FROM (SELECT * FROM newest EXCEPT SELECT * FROM held) AS missing
    UNION ALL
    SELECT *, 0 AS is_missing FROM (SELECT * FROM held EXCEPT SELECT * FROM newest) AS outdated
)

SELECT
    stream,
    event_date,
    count(CASE WHEN is_missing = 1 THEN 1 END) AS missing_count,
    count(CASE WHEN is_missing = 0 THEN 1 END) AS outdated_count
FROM differing
GROUP BY stream, event_date
ORDER BY event_date DESC, stream
