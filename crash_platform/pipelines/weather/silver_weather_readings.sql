-- Readings with their day and hour, in UTC.
SELECT
    event_id,
    event_version,
    source,
    is_simulated,
    enqueued_at,
    hub_generation,
    partition_id,
    sequence_number,
    event_date AS observed_date,
    observed_at,
    CAST(hour(observed_at) AS BIGINT) AS observed_hour,
    clean_text(city) AS city,
    temperature,
    humidity
FROM events
