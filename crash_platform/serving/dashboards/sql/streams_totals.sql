-- What came from the hubs so far, all streams together.
WITH landed AS (
    SELECT count(*) AS event_count, max(landed_at) AS landed_at
    FROM (
        SELECT landed_at FROM bronze.crash_events
        UNION ALL
        SELECT landed_at FROM bronze.weather_readings
    ) AS events
),

dead AS (
    SELECT
        count(CASE WHEN lost_count = 0 THEN 1 END) AS dead_count,
        count(CASE WHEN lost_count = 0 AND replayed_at IS NOT NULL THEN 1 END) AS replayed_count,
        CAST(coalesce(sum(lost_count), 0) AS BIGINT) AS lost_count
    FROM bronze.dead_letters
),

scored AS (
    SELECT
        count(*) AS scored_count,
        avg(CAST(is_simulated AS INTEGER)) AS simulated_share,
        quantile_cont(latency_ms, 0.5) AS median_ms
    FROM gold.live_predictions
)

SELECT
    landed.event_count,
    landed.landed_at,
    dead.dead_count,
    dead.replayed_count,
    dead.lost_count,
    scored.scored_count,
    scored.median_ms,
    scored.simulated_share
FROM landed
CROSS JOIN dead
CROSS JOIN scored
WHERE landed.event_count + dead.dead_count + dead.lost_count + scored.scored_count > 0
