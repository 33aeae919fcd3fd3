-- Live reports, typed: text cleaned, places outside the city and unknown boroughs taken for not said.
WITH cleaned AS (
    SELECT
        *,
        capitals(clean_text(borough)) AS borough_text,
        coalesce(latitude BETWEEN 40.45 AND 40.95 AND longitude BETWEEN -74.30 AND -73.65, FALSE) AS is_in_city
    FROM events
)

SELECT
    event_id,
    event_version,
    source,
    is_simulated,
    enqueued_at,
    hub_generation,
    partition_id,
    sequence_number,
    event_date,
    enqueued_date,
    body,
    event_date AS crash_date,
    moment_of(event_date, crash_time) AS crashed_at,
    collision_id,
    CASE WHEN borough_text IN ('BRONX', 'BROOKLYN', 'MANHATTAN', 'QUEENS', 'STATEN ISLAND') THEN borough_text END
        AS borough,
    CASE WHEN is_in_city THEN latitude END AS latitude,
    CASE WHEN is_in_city THEN longitude END AS longitude,
    clean_text(on_street_name) AS on_street_name,
    clean_text(zip_code) AS zip_code,
    clean_text(cross_street_name) AS cross_street_name,
    clean_text(off_street_name) AS off_street_name,
    persons_injured,
    persons_killed,
    CASE
        WHEN persons_injured > 0 OR persons_killed > 0 THEN TRUE
        WHEN persons_injured = 0 AND persons_killed = 0 THEN FALSE
    END AS is_injury_crash,
    vehicle_types,
    contributing_factors,
    is_withdrawn
FROM cleaned
