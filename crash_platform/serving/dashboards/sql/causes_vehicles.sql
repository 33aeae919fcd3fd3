-- Vehicle groups; a crash counts once for each group it has. $types and $groups are the vocabulary, word by word; a word
-- that it lacks is other, as in gold/crash_factors.
WITH words AS (
    SELECT unnest($types) AS vehicle_type, unnest($groups) AS vehicle_group
),

lists AS (
    SELECT
        row_number() OVER () AS number,
        vehicle_types,
        count(*) AS crash_count,
        count(CASE WHEN is_injury_crash THEN 1 END) AS injury_crash_count,
        sum(persons_injured) AS persons_injured,
        sum(persons_killed) AS persons_killed
    FROM silver.crashes
    WHERE crash_date BETWEEN $first_day AND $last_day
    GROUP BY vehicle_types
),

types AS (
    SELECT
        number,
        unnest(CASE WHEN len(vehicle_types) > 0 THEN vehicle_types ELSE [NULL] END) AS vehicle_type
    FROM lists
),

parts AS (
    SELECT DISTINCT
        types.number,
        CASE
            WHEN types.vehicle_type IS NULL THEN 'NONE REPORTED'
            ELSE coalesce(words.vehicle_group, 'other')
        END AS vehicle_group
    FROM types
    LEFT JOIN words ON types.vehicle_type = words.vehicle_type
)

SELECT
    parts.vehicle_group,
    CAST(sum(lists.crash_count) AS BIGINT) AS crash_count,
    CAST(sum(lists.crash_count) AS DOUBLE) / (SELECT sum(crash_count) FROM lists) AS crash_share,
    CAST(sum(lists.injury_crash_count) AS DOUBLE) / sum(lists.crash_count) AS injury_share,
    CAST(coalesce(sum(lists.persons_injured), 0) AS BIGINT) AS persons_injured,
    CAST(coalesce(sum(lists.persons_killed), 0) AS BIGINT) AS persons_killed,
    CAST((SELECT sum(crash_count) FROM lists) AS BIGINT) AS all_crashes
FROM parts
INNER JOIN lists ON parts.number = lists.number
GROUP BY parts.vehicle_group
ORDER BY crash_count DESC, vehicle_group
