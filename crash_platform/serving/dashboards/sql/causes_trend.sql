-- One contributing factor over time: of the crashes of each day, week, month or year, how many have it. A period without
-- crashes between others has no numbers.
WITH crashes AS (
    SELECT
        date_trunc($per, crash_date) AS period,
        count(*) AS all_crashes,
        count(CASE WHEN has_factor THEN 1 END) AS crash_count,
        count(CASE WHEN has_factor AND is_injury_crash THEN 1 END) AS injury_crash_count
    FROM (
        SELECT
            crash_date,
            is_injury_crash,
            CASE
                WHEN $factor = 'NONE REPORTED' THEN coalesce(len(contributing_factors), 0) = 0
                ELSE list_contains(contributing_factors, $factor)
            END AS has_factor
        FROM silver.crashes
        WHERE crash_date BETWEEN $first_day AND $last_day
    )
    GROUP BY period
),

periods AS (
    SELECT unnest(generate_series(
        min(period),
        max(period),
        CASE $per
            WHEN 'day' THEN INTERVAL 1 DAY
            WHEN 'week' THEN INTERVAL 7 DAY
            WHEN 'month' THEN INTERVAL 1 MONTH
            ELSE INTERVAL 1 YEAR
        END
    )) AS period
    FROM crashes
)

SELECT
    strftime(
        periods.period, CASE $per WHEN 'month' THEN '%Y-%m' WHEN 'year' THEN '%Y' ELSE '%Y-%m-%d' END
    ) AS period,
    CAST(crashes.crash_count AS DOUBLE) / crashes.all_crashes AS crash_share,
    CAST(crashes.injury_crash_count AS DOUBLE) / nullif(crashes.crash_count, 0) AS injury_share,
    crashes.crash_count,
    crashes.all_crashes,
    $factor AS factor
FROM periods
LEFT JOIN crashes ON periods.period = crashes.period
ORDER BY periods.period
