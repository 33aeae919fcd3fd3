-- Crashes and casualties by day, week, month or year, from the first to the last covered day that was asked for. A period
-- without any covered day has no numbers; one that is covered in part has its killed in a column of their own.
WITH covered AS (
    SELECT crash_date, date_trunc($per, crash_date) AS period
    FROM gold.crash_coverage
    WHERE clean_count > 0 AND crash_date BETWEEN $first_day AND $last_day
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
    FROM covered
),

days AS (
    SELECT period, count(*) AS day_count FROM covered GROUP BY period
),

crashes AS (
    SELECT
        covered.period,
        CAST(sum(daily.crash_count) AS BIGINT) AS crash_count,
        CAST(sum(daily.injury_crash_count) AS BIGINT) AS injury_crash_count,
        CAST(sum(daily.persons_injured) AS BIGINT) AS persons_injured,
        CAST(sum(daily.persons_killed) AS BIGINT) AS persons_killed
    FROM gold.daily_crashes AS daily
    INNER JOIN covered ON daily.crash_date = covered.crash_date
    WHERE $boroughs = [] OR list_contains($boroughs, daily.borough)
    GROUP BY covered.period
),

counted AS (
    SELECT
        periods.period,
        days.day_count,
        CASE $per
            WHEN 'day' THEN 1
            WHEN 'week' THEN 7
            WHEN 'month' THEN date_diff('day', periods.period, periods.period + INTERVAL 1 MONTH)
            ELSE date_diff('day', periods.period, periods.period + INTERVAL 1 YEAR)
        END AS period_day_count,
        CASE WHEN days.day_count > 0 THEN coalesce(crashes.crash_count, 0) END AS crash_count,
        CASE WHEN days.day_count > 0 THEN coalesce(crashes.injury_crash_count, 0) END AS injury_crash_count,
        CASE WHEN days.day_count > 0 THEN coalesce(crashes.persons_injured, 0) END AS persons_injured,
        CASE WHEN days.day_count > 0 THEN coalesce(crashes.persons_killed, 0) END AS persons_killed
    FROM periods
    LEFT JOIN days ON periods.period = days.period
    LEFT JOIN crashes ON periods.period = crashes.period
)

SELECT
    strftime(period, CASE $per WHEN 'month' THEN '%Y-%m' WHEN 'year' THEN '%Y' ELSE '%Y-%m-%d' END) AS period,
    CAST(crash_count AS DOUBLE) / day_count AS crashes_per_day,
    CAST(persons_injured AS DOUBLE) / day_count AS injured_per_day,
    CASE WHEN day_count = period_day_count THEN persons_killed END AS killed_in_whole,
    CASE WHEN day_count < period_day_count THEN persons_killed END AS killed_in_part,
    crash_count,
    injury_crash_count,
    persons_injured,
    persons_killed,
    coalesce(day_count, 0) AS day_count,
    period_day_count
FROM counted
ORDER BY period
