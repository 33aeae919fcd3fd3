-- Crashes by day, contributing factor and vehicle group; a crash counts once in every combination it has.
-- Many crashes share their list of factors or vehicles (1.5 million have 4,610 and 6,436 of them), so each distinct
-- list is taken apart once and crashes meet its parts by the list itself.
WITH positions AS (
    SELECT position FROM (VALUES (1), (2), (3), (4), (5)) AS numbers(position)
),

factors AS (
    SELECT DISTINCT
        lists.contributing_factors,
        coalesce(item_of(lists.contributing_factors, positions.position), 'NONE REPORTED') AS contributing_factor
    FROM (SELECT DISTINCT contributing_factors FROM crashes) AS lists
    CROSS JOIN positions
    WHERE positions.position = 1
        OR item_of(lists.contributing_factors, positions.position) IS NOT NULL
),

vehicles AS (
    SELECT DISTINCT
        lists.vehicle_types,
        CASE
            WHEN item_of(lists.vehicle_types, positions.position) IS NULL THEN 'NONE REPORTED'
            ELSE coalesce(vehicle_groups.vehicle_group, 'other')
        END AS vehicle_group
    FROM (SELECT DISTINCT vehicle_types FROM crashes) AS lists
    CROSS JOIN positions
    LEFT JOIN vehicle_groups
        ON item_of(lists.vehicle_types, positions.position) = vehicle_groups.vehicle_type
    WHERE positions.position = 1
        OR item_of(lists.vehicle_types, positions.position) IS NOT NULL
)

SELECT
    crashes.crash_date,
    factors.contributing_factor,
    vehicles.vehicle_group,
    count(*) AS crash_count,
    count(CASE WHEN crashes.is_injury_crash THEN 1 END) AS injury_crash_count,
    CAST(coalesce(sum(crashes.persons_injured), 0) AS BIGINT) AS persons_injured,
    CAST(coalesce(sum(crashes.persons_killed), 0) AS BIGINT) AS persons_killed
FROM crashes
INNER JOIN factors ON crashes.contributing_factors = factors.contributing_factors
INNER JOIN vehicles ON crashes.vehicle_types = vehicles.vehicle_types
GROUP BY crashes.crash_date, factors.contributing_factor, vehicles.vehicle_group
ORDER BY crash_date, contributing_factor, vehicle_group
