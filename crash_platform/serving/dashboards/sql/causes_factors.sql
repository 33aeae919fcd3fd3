-- The 15 most frequent contributing factors; a crash counts once for each factor it has. Crashes that share their list of
-- factors are taken apart together.
WITH lists AS (
    SELECT
        CASE
            WHEN len(contributing_factors) > 0 THEN list_distinct(contributing_factors)
            ELSE ['NONE REPORTED']
        END AS factors,
        crash_count,
        injury_crash_count,
        persons_injured,
        persons_killed
    FROM (
        SELECT
            contributing_factors,
            count(*) AS crash_count,
            count(CASE WHEN is_injury_crash THEN 1 END) AS injury_crash_count,
            sum(persons_injured) AS persons_injured,
            sum(persons_killed) AS persons_killed
        FROM silver.crashes
        WHERE crash_date BETWEEN $first_day AND $last_day
        GROUP BY contributing_factors
    )
),

total AS (
    SELECT
        CAST(sum(crash_count) AS BIGINT) AS all_crashes,
        CAST(coalesce(sum(crash_count) FILTER (
            WHERE factors = ['Unspecified'] OR factors = ['NONE REPORTED']
        ), 0) AS BIGINT) AS unnamed_crashes
    FROM lists
),

parts AS (
    SELECT unnest(factors) AS contributing_factor, * EXCLUDE (factors) FROM lists
)

SELECT
    parts.contributing_factor,
    CAST(sum(parts.crash_count) AS BIGINT) AS crash_count,
    CAST(sum(parts.crash_count) AS DOUBLE) / total.all_crashes AS crash_share,
    CAST(sum(parts.injury_crash_count) AS DOUBLE) / sum(parts.crash_count) AS injury_share,
    CAST(coalesce(sum(parts.persons_injured), 0) AS BIGINT) AS persons_injured,
    CAST(coalesce(sum(parts.persons_killed), 0) AS BIGINT) AS persons_killed,
    total.all_crashes,
    total.unnamed_crashes
FROM parts
CROSS JOIN total
GROUP BY parts.contributing_factor, total.all_crashes, total.unnamed_crashes
ORDER BY crash_count DESC, contributing_factor
LIMIT 15
