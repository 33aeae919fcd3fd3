-- Events that a rule of silver refused, by day and rule; an event that broke two rules counts under both.
WITH refused AS (
    SELECT 'crash_reports' AS stream, crash_date AS event_date, broken_rules FROM silver.quarantined_reported_crashes
    UNION ALL
    SELECT 'weather', observed_date, broken_rules FROM silver.quarantined_weather_readings
),

broken AS (
    SELECT stream, event_date, trim(unnest(string_split(broken_rules, ','))) AS rule FROM refused
)

SELECT event_date, stream, rule, count(*) AS event_count
FROM broken
GROUP BY event_date, stream, rule
ORDER BY event_date, stream, rule
