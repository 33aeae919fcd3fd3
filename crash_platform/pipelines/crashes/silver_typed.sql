-- Every newest record with its values typed: what cannot be read is null, and says so.
WITH texts AS (
    SELECT
        record_key,
        filed_date,
        source,
        pulled_at,
        CAST(pulled_at AS DATE) AS pulled_date,
        source_updated_at,
        version,
        landing,
        clean_text(collision_id) AS collision_id_text,
        clean_text(crash_date) AS crash_date_text,
        clean_text(crash_time) AS crash_time_text,
        capitals(clean_text(borough)) AS borough_text,
        clean_text(zip_code) AS zip_code,
        clean_text(latitude) AS latitude_text,
        clean_text(longitude) AS longitude_text,
        clean_text(on_street_name) AS on_street_name,
        clean_text(cross_street_name) AS cross_street_name,
        clean_text(off_street_name) AS off_street_name,
        clean_text(number_of_persons_injured) AS persons_injured_text,
        clean_text(number_of_persons_killed) AS persons_killed_text,
        clean_text(number_of_pedestrians_injured) AS pedestrians_injured_text,
        clean_text(number_of_pedestrians_killed) AS pedestrians_killed_text,
        clean_text(number_of_cyclist_injured) AS cyclists_injured_text,
        clean_text(number_of_cyclist_killed) AS cyclists_killed_text,
        clean_text(number_of_motorist_injured) AS motorists_injured_text,
        clean_text(number_of_motorist_killed) AS motorists_killed_text,
        contributing_factor_vehicle_1 AS factor_1,
        contributing_factor_vehicle_2 AS factor_2,
        contributing_factor_vehicle_3 AS factor_3,
        contributing_factor_vehicle_4 AS factor_4,
        contributing_factor_vehicle_5 AS factor_5,
        vehicle_type_code1 AS vehicle_1,
        vehicle_type_code2 AS vehicle_2,
        vehicle_type_code_3 AS vehicle_3,
        vehicle_type_code_4 AS vehicle_4,
        vehicle_type_code_5 AS vehicle_5
    FROM latest
),

typed AS (
    SELECT
        *,
        strict_bigint(plain_number(collision_id_text)) AS collision_id,
        day_of(crash_date_text) AS crash_date,
        strict_double(latitude_text) AS reported_latitude,
        strict_double(longitude_text) AS reported_longitude,
        strict_bigint(plain_number(persons_injured_text)) AS persons_injured,
        strict_bigint(plain_number(persons_killed_text)) AS persons_killed,
        strict_bigint(plain_number(pedestrians_injured_text)) AS pedestrians_injured,
        strict_bigint(plain_number(pedestrians_killed_text)) AS pedestrians_killed,
        strict_bigint(plain_number(cyclists_injured_text)) AS cyclists_injured,
        strict_bigint(plain_number(cyclists_killed_text)) AS cyclists_killed,
        strict_bigint(plain_number(motorists_injured_text)) AS motorists_injured,
        strict_bigint(plain_number(motorists_killed_text)) AS motorists_killed
    FROM texts
),

judged_place AS (
    SELECT
        *,
        CASE
            WHEN latitude_text IS NULL OR longitude_text IS NULL THEN 'missing'
            WHEN reported_latitude IS NULL OR reported_longitude IS NULL THEN 'unreadable'
            WHEN reported_latitude = 0 OR reported_longitude = 0 THEN 'zero'
            WHEN reported_latitude NOT BETWEEN 40.45 AND 40.95
                OR reported_longitude NOT BETWEEN -74.30 AND -73.65 THEN 'outside_city'
        END AS coordinates_issue,
        coalesce(borough_text NOT IN ('BRONX', 'BROOKLYN', 'MANHATTAN', 'QUEENS', 'STATEN ISLAND'), FALSE)
            AS is_borough_unknown,
        moment_of(crash_date, crash_time_text) AS crashed_at,
        coalesce(pedestrians_injured, 0) + coalesce(cyclists_injured, 0) + coalesce(motorists_injured, 0)
            AS least_injured,
        coalesce(pedestrians_killed, 0) + coalesce(cyclists_killed, 0) + coalesce(motorists_killed, 0)
            AS least_killed
    FROM typed
)

SELECT
    *,
    CASE WHEN coordinates_issue IS NULL THEN reported_latitude END AS latitude,
    CASE WHEN coordinates_issue IS NULL THEN reported_longitude END AS longitude,
    CASE WHEN NOT is_borough_unknown THEN borough_text END AS borough,
    crash_time_text IS NOT NULL AND crashed_at IS NULL AND crash_date IS NOT NULL AS is_time_unreadable,
    coalesce(persons_injured < least_injured, FALSE)
        OR coalesce(persons_killed < least_killed, FALSE) AS has_total_below_kinds,
    -- A kind that is missing may hold the rest: only three known kinds can be too few.
    coalesce(persons_injured > pedestrians_injured + cyclists_injured + motorists_injured, FALSE)
        OR coalesce(persons_killed > pedestrians_killed + cyclists_killed + motorists_killed, FALSE)
        AS has_total_above_kinds,
    coalesce(
        EXTRACT(MONTH FROM crashed_at) = 3 AND EXTRACT(DAY FROM crashed_at) BETWEEN 8 AND 14
        AND iso_weekday(crash_date) = 7 AND EXTRACT(HOUR FROM crashed_at) = 2, FALSE
    ) AS is_in_dst_gap,
    coalesce(
        EXTRACT(MONTH FROM crashed_at) = 11 AND EXTRACT(DAY FROM crashed_at) BETWEEN 1 AND 7
        AND iso_weekday(crash_date) = 7 AND EXTRACT(HOUR FROM crashed_at) = 1, FALSE
    ) AS is_in_dst_fold
FROM judged_place
