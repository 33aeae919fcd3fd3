-- Days of the run with far more or fewer crashes than the 28 days before them; a day without any, too, unless it is
-- newer than all the source has. A day with less than 14 days to compare with is not judged.
WITH days AS (
    SELECT crash_date, sum(crash_count) AS crash_count
    FROM recent
    GROUP BY crash_date
),

newest AS (
    SELECT max(crash_date) AS crash_date FROM days
),

counted AS (
    SELECT run_days.run_day AS crash_date, coalesce(days.crash_count, 0) AS crash_count
    FROM run_days
    INNER JOIN newest ON run_days.run_day <= newest.crash_date
    LEFT JOIN days ON run_days.run_day = days.crash_date
)

SELECT counted.crash_date, counted.crash_count, median(earlier.crash_count) AS usual_count
FROM counted
INNER JOIN days AS earlier
    ON earlier.crash_date < counted.crash_date
    AND earlier.crash_date >= counted.crash_date - INTERVAL '28' DAY
GROUP BY counted.crash_date, counted.crash_count
HAVING count(*) >= 14
    AND (
        counted.crash_count < 0.4 * median(earlier.crash_count)
        OR counted.crash_count > 2.5 * median(earlier.crash_count)
    )
