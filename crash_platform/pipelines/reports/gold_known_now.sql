-- Every crash as it is known now. A day that official records cover shows them alone; on other days live reports stand
-- in, but not those that were taken back or that an official record of another day has caught up with.
WITH official AS (
    SELECT
        crash_date,
        concat('official:', CAST(collision_id AS STRING)) AS crash_key,
        TRUE AS is_final,
        version AS record_version,
        substr(CAST(crashed_at AS STRING), 12, 5) AS crash_time,
        coalesce(borough, borough_located) AS borough,
        latitude,
        longitude,
        on_street_name,
        persons_injured,
        persons_killed,
        is_injury_crash,
        vehicle_types,
        contributing_factors,
        FALSE AS is_simulated,
        pulled_at AS known_at
    FROM crashes
),

preliminary AS (
    SELECT
        crash_date,
        concat('report:', event_id) AS crash_key,
        FALSE AS is_final,
        event_version AS record_version,
        substr(CAST(crashed_at AS STRING), 12, 5) AS crash_time,
        borough,
        latitude,
        longitude,
        on_street_name,
        persons_injured,
        persons_killed,
        is_injury_crash,
        vehicle_types,
        contributing_factors,
        is_simulated,
        enqueued_at AS known_at
    FROM reported_crashes
    WHERE
        NOT is_withdrawn
        AND crash_date NOT IN (SELECT crash_date FROM crash_coverage)
        AND event_id NOT IN (SELECT event_id FROM caught_up)
)

SELECT * FROM official
UNION ALL
SELECT * FROM preliminary
