-- Days that are not both in silver and among the factors, and days on which a single combination has more crashes
-- than the day, or all combinations together fewer.
WITH silver AS (
    SELECT crash_date, count(*) AS crash_count
    FROM crashes
    GROUP BY crash_date
),

factors AS (
    SELECT crash_date, max(crash_count) AS most, sum(crash_count) AS altogether
    FROM crash_factors
    GROUP BY crash_date
)

SELECT
    coalesce(silver.crash_date, factors.crash_date) AS crash_date,
    silver.crash_count,
    factors.most,
    factors.altogether
FROM silver
FULL OUTER JOIN factors ON silver.crash_date = factors.crash_date
WHERE silver.crash_date IS NULL
    OR factors.crash_date IS NULL
    OR factors.most > silver.crash_count
    OR factors.altogether < silver.crash_count
