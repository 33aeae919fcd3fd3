-- Live predictions by the moment of scoring, and how long reports waited for them.
WITH recent AS (
    SELECT
        date_trunc(CASE $period WHEN '6' THEN 'minute' WHEN '48' THEN 'hour' ELSE 'day' END, scored_at) AS moment,
        latency_ms,
        is_simulated
    FROM gold.live_predictions
    WHERE scored_at > (SELECT max(scored_at) FROM gold.live_predictions) - to_hours(CAST($period AS INTEGER))
)

SELECT
    moment,
    count(*) AS scored_count,
    count(CASE WHEN NOT is_simulated THEN 1 END) AS real_count,
    count(CASE WHEN is_simulated THEN 1 END) AS simulated_count,
    quantile_cont(latency_ms, 0.5) AS median_ms,
    quantile_cont(latency_ms, 0.99) AS slowest_ms,
    max(latency_ms) AS longest_ms
FROM recent
GROUP BY moment
ORDER BY moment
