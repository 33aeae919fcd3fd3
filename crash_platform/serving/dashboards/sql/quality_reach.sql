-- How far each table reaches, in the order in which data come to them.
WITH reached AS (
    SELECT 1 AS place, 'official records' AS what, 'gold/crash_coverage' AS in_table, max(crash_date) AS newest_day,
        max(last_pulled_at) AS made_at
    FROM gold.crash_coverage
    UNION ALL
    SELECT 2, 'crashes, counted by day', 'gold/daily_crashes', max(crash_date), NULL FROM gold.daily_crashes
    UNION ALL
    SELECT 3, 'the injury model', 'model/injury_model', max(as_of_date), max(trained_at) FROM model.injury_model
    UNION ALL
    SELECT 4, 'its scores of all crashes', 'gold/injury_predictions', max(crash_date), max(scored_at)
    FROM gold.injury_predictions
    UNION ALL
    SELECT 5, 'its health', 'model/monitoring', max(monitored_date), NULL FROM model.monitoring
    UNION ALL
    SELECT 6, 'reports of crashes, as landed', 'bronze/crash_events', max(event_date), max(landed_at)
    FROM bronze.crash_events
    UNION ALL
    SELECT 7, 'scores of reports', 'gold/live_predictions', max(crash_date), max(scored_at) FROM gold.live_predictions
    UNION ALL
    SELECT 8, 'readings of the weather, as landed', 'bronze/weather_readings', max(event_date), max(landed_at)
    FROM bronze.weather_readings
)

SELECT what, in_table, newest_day, made_at
FROM reached
WHERE newest_day IS NOT NULL
ORDER BY place
