-- Injured and killed by kind of road user; others are the persons that none of the three kinds counts.
WITH sums AS (
    SELECT
        sum(persons_injured) AS persons_injured,
        sum(persons_killed) AS persons_killed,
        sum(pedestrians_injured) AS pedestrians_injured,
        sum(pedestrians_killed) AS pedestrians_killed,
        sum(cyclists_injured) AS cyclists_injured,
        sum(cyclists_killed) AS cyclists_killed,
        sum(motorists_injured) AS motorists_injured,
        sum(motorists_killed) AS motorists_killed
    FROM gold.daily_crashes
    WHERE crash_date BETWEEN $first_day AND $last_day AND ($boroughs = [] OR list_contains($boroughs, borough))
    HAVING count(*) > 0
),

kinds AS (
    SELECT 1 AS number, 'Motorists' AS kind, motorists_injured AS injured, motorists_killed AS killed FROM sums
    UNION ALL
    SELECT 2, 'Pedestrians', pedestrians_injured, pedestrians_killed FROM sums
    UNION ALL
    SELECT 3, 'Cyclists', cyclists_injured, cyclists_killed FROM sums
    UNION ALL
    SELECT
        4,
        'Others',
        persons_injured - pedestrians_injured - cyclists_injured - motorists_injured,
        persons_killed - pedestrians_killed - cyclists_killed - motorists_killed
    FROM sums
)

SELECT
    kinds.kind,
    CAST(kinds.injured AS BIGINT) AS injured,
    CAST(kinds.injured AS DOUBLE) / nullif(sums.persons_injured, 0) AS injured_share,
    CAST(kinds.killed AS BIGINT) AS killed,
    CAST(kinds.killed AS DOUBLE) / nullif(sums.persons_killed, 0) AS killed_share
FROM kinds
CROSS JOIN sums
ORDER BY kinds.number
