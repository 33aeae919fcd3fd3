-- Crashes and casualties by weekday and local hour, over the covered days; the crashes whose time nobody knows are an hour
-- of their own.
WITH days AS (
    SELECT isodow(crash_date) AS weekday, count(*) AS day_count
    FROM gold.crash_coverage
    WHERE clean_count > 0 AND crash_date BETWEEN $first_day AND $last_day
    GROUP BY weekday
),

crashes AS (
    SELECT
        isodow(hourly.crash_date) AS weekday,
        hourly.hour,
        sum(hourly.crash_count) AS crash_count,
        sum(hourly.injury_crash_count) AS injury_crash_count,
        sum(hourly.persons_injured) AS persons_injured,
        sum(hourly.persons_killed) AS persons_killed
    FROM gold.hourly_crashes AS hourly
    INNER JOIN gold.crash_coverage AS coverage
        ON hourly.crash_date = coverage.crash_date AND coverage.clean_count > 0
    WHERE
        hourly.crash_date BETWEEN $first_day AND $last_day
        AND ($boroughs = [] OR list_contains($boroughs, hourly.borough))
    GROUP BY weekday, hourly.hour
),

hours AS (
    SELECT unnest(generate_series(0, 23)) AS hour
    UNION ALL
    SELECT DISTINCT CAST(NULL AS BIGINT) FROM crashes WHERE hour IS NULL
)

SELECT
    coalesce(lpad(CAST(hours.hour AS VARCHAR), 2, '0'), 'unknown') AS hour,
    ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][days.weekday] AS weekday,
    CAST(coalesce(crashes.crash_count, 0) AS DOUBLE) / days.day_count AS crashes_per_day,
    CAST(coalesce(crashes.crash_count, 0) AS BIGINT) AS crash_count,
    CAST(crashes.injury_crash_count AS DOUBLE) / crashes.crash_count AS injury_share,
    CAST(coalesce(crashes.persons_injured, 0) AS BIGINT) AS persons_injured,
    CAST(coalesce(crashes.persons_killed, 0) AS BIGINT) AS persons_killed,
    days.day_count
FROM days
CROSS JOIN hours
LEFT JOIN crashes ON days.weekday = crashes.weekday AND hours.hour IS NOT DISTINCT FROM crashes.hour
ORDER BY days.weekday, hours.hour NULLS LAST
