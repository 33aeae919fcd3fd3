-- Share of injury crashes of each contributing factor with each vehicle group, for the 12 factors that most combinations
-- have; none where fewer than 20 crashes have both.
WITH pairs AS (
    SELECT
        contributing_factor,
        vehicle_group,
        sum(crash_count) AS crash_count,
        sum(injury_crash_count) AS injury_crash_count,
        sum(persons_injured) AS persons_injured,
        sum(persons_killed) AS persons_killed
    FROM gold.crash_factors
    WHERE crash_date BETWEEN $first_day AND $last_day
    GROUP BY contributing_factor, vehicle_group
),

factors AS (
    SELECT contributing_factor, sum(crash_count) AS combined_count
    FROM pairs
    GROUP BY contributing_factor
    ORDER BY combined_count DESC, contributing_factor
    LIMIT 12
),

vehicles AS (
    SELECT vehicle_group, sum(crash_count) AS combined_count FROM pairs GROUP BY vehicle_group
)

SELECT
    pairs.vehicle_group,
    pairs.contributing_factor,
    CASE
        WHEN pairs.crash_count >= 20 THEN CAST(pairs.injury_crash_count AS DOUBLE) / pairs.crash_count
    END AS injury_share,
    CAST(pairs.crash_count AS BIGINT) AS crash_count,
    CAST(pairs.injury_crash_count AS BIGINT) AS injury_crash_count,
    CAST(pairs.persons_injured AS BIGINT) AS persons_injured,
    CAST(pairs.persons_killed AS BIGINT) AS persons_killed
FROM pairs
INNER JOIN factors ON pairs.contributing_factor = factors.contributing_factor
INNER JOIN vehicles ON pairs.vehicle_group = vehicles.vehicle_group
ORDER BY
    factors.combined_count DESC,
    pairs.contributing_factor,
    vehicles.combined_count DESC,
    pairs.vehicle_group
