-- One row per crash that keeps every rule, with places, factors and vehicles in the platform's words.
SELECT
    crashes.collision_id,
    crashes.crash_date,
    crashes.crashed_at,
    crashes.borough,
    places.borough_located,
    crashes.zip_code,
    crashes.latitude,
    crashes.longitude,
    crashes.on_street_name,
    crashes.cross_street_name,
    crashes.off_street_name,
    crashes.persons_injured,
    crashes.persons_killed,
    crashes.pedestrians_injured,
    crashes.pedestrians_killed,
    crashes.cyclists_injured,
    crashes.cyclists_killed,
    crashes.motorists_injured,
    crashes.motorists_killed,
    crashes.persons_injured > 0 OR crashes.persons_killed > 0 AS is_injury_crash,
    compact_list(
        factor_1.contributing_factor,
        factor_2.contributing_factor,
        factor_3.contributing_factor,
        factor_4.contributing_factor,
        factor_5.contributing_factor
    ) AS contributing_factors,
    compact_list(
        factor_1.reported, factor_2.reported, factor_3.reported, factor_4.reported, factor_5.reported
    ) AS contributing_factors_raw,
    compact_list(
        vehicle_1.vehicle_type,
        vehicle_2.vehicle_type,
        vehicle_3.vehicle_type,
        vehicle_4.vehicle_type,
        vehicle_5.vehicle_type
    ) AS vehicle_types,
    compact_list(
        vehicle_1.reported, vehicle_2.reported, vehicle_3.reported, vehicle_4.reported, vehicle_5.reported
    ) AS vehicle_types_raw,
    nullif(
        CAST(
            CASE WHEN vehicle_1.reported IS NULL THEN 0 ELSE 1 END
            + CASE WHEN vehicle_2.reported IS NULL THEN 0 ELSE 1 END
            + CASE WHEN vehicle_3.reported IS NULL THEN 0 ELSE 1 END
            + CASE WHEN vehicle_4.reported IS NULL THEN 0 ELSE 1 END
            + CASE WHEN vehicle_5.reported IS NULL THEN 0 ELSE 1 END
            AS BIGINT
        ),
        0
    ) AS vehicle_count,
    crashes.coordinates_issue,
    crashes.is_borough_unknown,
    crashes.is_time_unreadable,
    crashes.has_total_below_kinds,
    crashes.has_total_above_kinds,
    crashes.is_in_dst_gap,
    crashes.is_in_dst_fold,
    crashes.source,
    crashes.pulled_at,
    crashes.source_updated_at,
    crashes.version,
    crashes.landing
FROM judged AS crashes
LEFT JOIN places ON crashes.record_key = places.record_key
LEFT JOIN factor_words AS factor_1 ON crashes.factor_1 = factor_1.spelling
LEFT JOIN factor_words AS factor_2 ON crashes.factor_2 = factor_2.spelling
LEFT JOIN factor_words AS factor_3 ON crashes.factor_3 = factor_3.spelling
LEFT JOIN factor_words AS factor_4 ON crashes.factor_4 = factor_4.spelling
LEFT JOIN factor_words AS factor_5 ON crashes.factor_5 = factor_5.spelling
LEFT JOIN vehicle_words AS vehicle_1 ON crashes.vehicle_1 = vehicle_1.spelling
LEFT JOIN vehicle_words AS vehicle_2 ON crashes.vehicle_2 = vehicle_2.spelling
LEFT JOIN vehicle_words AS vehicle_3 ON crashes.vehicle_3 = vehicle_3.spelling
LEFT JOIN vehicle_words AS vehicle_4 ON crashes.vehicle_4 = vehicle_4.spelling
LEFT JOIN vehicle_words AS vehicle_5 ON crashes.vehicle_5 = vehicle_5.spelling
WHERE crashes.broken_rules = ''
