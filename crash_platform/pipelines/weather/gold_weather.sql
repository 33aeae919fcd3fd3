-- Readings by city and period. The table `grain` says how many minutes a period has: a divisor of 60.
WITH placed AS (
    SELECT
        *,
        date_trunc('hour', observed_at)
        + (minute(observed_at) - minute(observed_at) % minutes) * INTERVAL '1' MINUTE AS window_start
    FROM weather_readings
    CROSS JOIN grain
),

-- Whole millionths are summed: the sum of fractions would depend on the order in which they are read.
measured AS (
    SELECT
        *,
        window_start + minutes * INTERVAL '1' MINUTE AS window_end,
        window_start + (minutes + 10) * INTERVAL '1' MINUTE AS closes_at,
        CAST(round(temperature * 1000000) AS BIGINT) AS temperature_millionths,
        CAST(round(humidity * 1000000) AS BIGINT) AS humidity_millionths
    FROM placed
)

SELECT
    observed_date,
    city,
    observed_hour,
    window_start,
    window_end,
    closes_at,
    count(*) AS reading_count,
    CAST(sum(temperature_millionths) AS DOUBLE) / count(*) / 1000000 AS temperature_avg,
    min(temperature) AS temperature_min,
    max(temperature) AS temperature_max,
    CAST(sum(humidity_millionths) AS DOUBLE) / count(*) / 1000000 AS humidity_avg,
    min(humidity) AS humidity_min,
    max(humidity) AS humidity_max,
    count(CASE WHEN enqueued_at > closes_at THEN 1 END) AS late_count
FROM measured
GROUP BY observed_date, city, observed_hour, window_start, window_end, closes_at
