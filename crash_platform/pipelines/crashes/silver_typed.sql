-- Every newest record with its values typed: what cannot be read is null, and says so. What has few spellings is read
-- once each by the steps before (reported_*), and met here by its raw form.
WITH texts AS (
    SELECT
        records.record_key,
        records.filed_date,
        records.source,
        records.pulled_at,
        CAST(records.pulled_at AS DATE) AS pulled_date,
        records.source_updated_at,
        records.version,
        records.landing,
        clean_text(records.crash_time) AS crash_time_text,
        clean_text(records.on_street_name) AS on_street_name,
        clean_text(records.cross_street_name) AS cross_street_name,
        clean_text(records.off_street_name) AS off_street_name,
        days.crash_date,
        days.has_dst_gap,
        days.has_dst_fold,
        areas.borough,
        areas.is_borough_unknown,
        areas.zip_code,
        points.latitude,
        points.longitude,
        points.coordinates_issue,
        points.point,
        counts.persons_injured_text,
        counts.persons_injured,
        counts.persons_killed_text,
        counts.persons_killed,
        counts.pedestrians_injured_text,
        counts.pedestrians_injured,
        counts.pedestrians_killed_text,
        counts.pedestrians_killed,
        counts.cyclists_injured_text,
        counts.cyclists_injured,
        counts.cyclists_killed_text,
        counts.cyclists_killed,
        counts.motorists_injured_text,
        counts.motorists_injured,
        counts.motorists_killed_text,
        counts.motorists_killed,
        counts.has_total_below_kinds,
        counts.has_total_above_kinds,
        records.contributing_factor_vehicle_1 AS factor_1,
        records.contributing_factor_vehicle_2 AS factor_2,
        records.contributing_factor_vehicle_3 AS factor_3,
        records.contributing_factor_vehicle_4 AS factor_4,
        records.contributing_factor_vehicle_5 AS factor_5,
        records.vehicle_type_code1 AS vehicle_1,
        records.vehicle_type_code2 AS vehicle_2,
        records.vehicle_type_code_3 AS vehicle_3,
        records.vehicle_type_code_4 AS vehicle_4,
        records.vehicle_type_code_5 AS vehicle_5
    FROM latest AS records
    LEFT JOIN reported_days AS days ON records.crash_date = days.reported
    LEFT JOIN reported_areas AS areas
        ON records.borough IS NOT DISTINCT FROM areas.reported_borough
        AND records.zip_code IS NOT DISTINCT FROM areas.reported_zip_code
    LEFT JOIN reported_points AS points
        ON records.latitude IS NOT DISTINCT FROM points.reported_latitude
        AND records.longitude IS NOT DISTINCT FROM points.reported_longitude
    LEFT JOIN reported_counts AS counts
        ON records.number_of_persons_injured IS NOT DISTINCT FROM counts.number_of_persons_injured
        AND records.number_of_persons_killed IS NOT DISTINCT FROM counts.number_of_persons_killed
        AND records.number_of_pedestrians_injured IS NOT DISTINCT FROM counts.number_of_pedestrians_injured
        AND records.number_of_pedestrians_killed IS NOT DISTINCT FROM counts.number_of_pedestrians_killed
        AND records.number_of_cyclist_injured IS NOT DISTINCT FROM counts.number_of_cyclist_injured
        AND records.number_of_cyclist_killed IS NOT DISTINCT FROM counts.number_of_cyclist_killed
        AND records.number_of_motorist_injured IS NOT DISTINCT FROM counts.number_of_motorist_injured
        AND records.number_of_motorist_killed IS NOT DISTINCT FROM counts.number_of_motorist_killed
),

typed AS (
    SELECT
        *,
        -- The key is the reported id, cleaned when it landed; a record without one has a digest, which is no number.
        strict_bigint(record_key) AS collision_id,
        moment_of(crash_date, crash_time_text) AS crashed_at
    FROM texts
)

SELECT
    *,
    crash_time_text IS NOT NULL AND crashed_at IS NULL AND crash_date IS NOT NULL AS is_time_unreadable,
    coalesce(has_dst_gap AND EXTRACT(HOUR FROM crashed_at) = 2, FALSE) AS is_in_dst_gap,
    coalesce(has_dst_fold AND EXTRACT(HOUR FROM crashed_at) = 1, FALSE) AS is_in_dst_fold
FROM typed
