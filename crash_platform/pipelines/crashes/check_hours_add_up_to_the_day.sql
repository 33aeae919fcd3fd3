-- Days and boroughs whose hours do not add up to what the day has, and hours that no day has.
WITH hours AS (
    SELECT
        crash_date,
        borough,
        min(hour) AS first_hour,
        max(hour) AS last_hour,
        sum(crash_count) AS crash_count,
        sum(injury_crash_count) AS injury_crash_count,
        sum(persons_injured) AS persons_injured,
        sum(persons_killed) AS persons_killed
    FROM hourly_crashes
    GROUP BY crash_date, borough
),

days AS (
    SELECT
        crash_date,
        coalesce(borough, borough_located, 'UNKNOWN') AS borough,
        count(*) AS crash_count,
        count(CASE WHEN is_injury_crash THEN 1 END) AS injury_crash_count,
        coalesce(sum(persons_injured), 0) AS persons_injured,
        coalesce(sum(persons_killed), 0) AS persons_killed
    FROM crashes
    GROUP BY crash_date, coalesce(borough, borough_located, 'UNKNOWN')
)

SELECT
    coalesce(hours.crash_date, days.crash_date) AS crash_date,
    coalesce(hours.borough, days.borough) AS borough,
    hours.crash_count AS hours_crash_count,
    days.crash_count AS day_crash_count,
    hours.first_hour,
    hours.last_hour
FROM hours
FULL OUTER JOIN days ON hours.crash_date = days.crash_date AND hours.borough = days.borough
WHERE hours.crash_count IS DISTINCT FROM days.crash_count
    OR hours.injury_crash_count IS DISTINCT FROM days.injury_crash_count
    OR hours.persons_injured IS DISTINCT FROM days.persons_injured
    OR hours.persons_killed IS DISTINCT FROM days.persons_killed
    OR hours.first_hour < 0
    OR hours.last_hour > 23
