-- Crashes and casualties by calendar month of the year of the last day and the five before it, as far as they are covered.
WITH covered AS (
    SELECT crash_date
    FROM gold.crash_coverage
    WHERE
        clean_count > 0
        AND crash_date <= $last_day
        AND year(crash_date) BETWEEN year($last_day) - 5 AND year($last_day)
),

months AS (
    SELECT
        year(covered.crash_date) AS year,
        month(covered.crash_date) AS month,
        count(DISTINCT covered.crash_date) AS day_count,
        CAST(coalesce(sum(daily.crash_count), 0) AS BIGINT) AS crash_count,
        CAST(coalesce(sum(daily.persons_injured), 0) AS BIGINT) AS persons_injured,
        CAST(coalesce(sum(daily.persons_killed), 0) AS BIGINT) AS persons_killed
    FROM covered
    LEFT JOIN gold.daily_crashes AS daily
        ON covered.crash_date = daily.crash_date
        AND ($boroughs = [] OR list_contains($boroughs, daily.borough))
    GROUP BY year, month
)

SELECT
    strftime(make_date(year, month, 1), '%b') AS month,
    CAST(year AS VARCHAR) AS year,
    crash_count / day_count AS crashes_per_day,
    crash_count,
    persons_injured,
    persons_killed,
    day_count,
    date_diff('day', make_date(year, month, 1), make_date(year, month, 1) + INTERVAL 1 MONTH) AS month_day_count
FROM months
ORDER BY months.month, months.year
