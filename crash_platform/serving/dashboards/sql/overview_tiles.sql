-- The headline numbers of the days asked for, and of the same days a year before: each covered day beside the one a
-- year earlier, where that one is covered too. Nothing where no day is covered.
WITH covered AS (
    SELECT crash_date FROM gold.crash_coverage WHERE clean_count > 0
),

crashes AS (
    SELECT * FROM gold.daily_crashes WHERE $boroughs = [] OR list_contains($boroughs, borough)
),

asked AS (
    SELECT crash_date FROM covered WHERE crash_date BETWEEN $first_day AND $last_day
),

-- 29 February has no day a year before; 28 February would be counted twice.
pairs AS (
    SELECT asked.crash_date, covered.crash_date AS day_before
    FROM asked
    INNER JOIN covered ON covered.crash_date = CAST(asked.crash_date - INTERVAL 1 YEAR AS DATE)
    WHERE strftime(asked.crash_date, '%m-%d') <> '02-29'
),

days AS (
    SELECT 'now' AS part, crash_date FROM asked
    UNION ALL
    SELECT 'later', crash_date FROM pairs
    UNION ALL
    SELECT 'earlier', day_before FROM pairs
),

sums AS (
    SELECT
        days.part,
        coalesce(sum(crashes.crash_count), 0) AS crash_count,
        coalesce(sum(crashes.persons_injured), 0) AS persons_injured,
        coalesce(sum(crashes.persons_killed), 0) AS persons_killed,
        sum(crashes.injury_crash_count) / nullif(sum(crashes.crash_count), 0) AS injury_share,
        sum(crashes.located_count) / nullif(sum(crashes.crash_count), 0) AS located_share
    FROM days
    LEFT JOIN crashes ON days.crash_date = crashes.crash_date
    GROUP BY days.part
)

SELECT
    CAST(now.crash_count AS BIGINT) AS crash_count,
    CAST(later.crash_count / nullif(earlier.crash_count, 0) - 1 AS DOUBLE) AS crash_change,
    CAST(now.persons_injured AS BIGINT) AS persons_injured,
    CAST(later.persons_injured / nullif(earlier.persons_injured, 0) - 1 AS DOUBLE) AS injured_change,
    CAST(now.persons_killed AS BIGINT) AS persons_killed,
    CAST(later.persons_killed / nullif(earlier.persons_killed, 0) - 1 AS DOUBLE) AS killed_change,
    CAST(now.injury_share AS DOUBLE) AS injury_share,
    CAST(earlier.injury_share AS DOUBLE) AS injury_share_before,
    CAST(now.located_share AS DOUBLE) AS located_share,
    CAST(earlier.located_share AS DOUBLE) AS located_share_before,
    (SELECT count(*) FROM asked) AS day_count,
    (SELECT count(*) FROM pairs) AS compared_day_count,
    $last_day - $first_day + 1 AS asked_day_count
FROM sums AS now
LEFT JOIN sums AS later ON later.part = 'later'
LEFT JOIN sums AS earlier ON earlier.part = 'earlier'
WHERE now.part = 'now'
