-- Coverage by month: how many of its days have records, and how many records have a place.
WITH span AS (
    SELECT
        greatest(min(crash_date), CAST($first_day AS DATE)) AS first_day,
        least(max(crash_date), CAST($last_day AS DATE)) AS last_day
    FROM gold.crash_coverage
    HAVING count(*) > 0
),

asked_days AS (
    SELECT CAST(unnest(generate_series(first_day, last_day, INTERVAL 1 DAY)) AS DATE) AS crash_date
    FROM span
),

boroughs AS (
    SELECT
        crash_date,
        sum(crash_count) AS crash_count,
        sum(CASE WHEN borough <> 'UNKNOWN' THEN crash_count ELSE 0 END) AS known_count
    FROM gold.daily_crashes
    GROUP BY crash_date
)

SELECT
    strftime(asked_days.crash_date, '%Y-%m') AS crash_month,
    count(*) AS asked_count,
    count(covered.crash_date) AS day_count,
    count(covered.crash_date) / count(*) AS day_share,
    count(CASE WHEN covered.is_current THEN 1 END) AS current_count,
    CAST(coalesce(sum(covered.clean_count), 0) AS BIGINT) AS clean_count,
    sum(covered.located_count) / nullif(sum(covered.clean_count), 0) AS located_share,
    sum(boroughs.known_count) / nullif(sum(boroughs.crash_count), 0) AS borough_share,
    sum(covered.quarantined_count)
    / nullif(sum(covered.clean_count) + sum(covered.quarantined_count), 0) AS quarantined_share
FROM asked_days
LEFT JOIN gold.crash_coverage AS covered ON asked_days.crash_date = covered.crash_date
LEFT JOIN boroughs ON asked_days.crash_date = boroughs.crash_date
GROUP BY strftime(asked_days.crash_date, '%Y-%m')
ORDER BY crash_month
