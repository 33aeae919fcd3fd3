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
    factors.words AS contributing_factors,
    factors.reported AS contributing_factors_raw,
    vehicles.words AS vehicle_types,
    vehicles.reported AS vehicle_types_raw,
    vehicles.word_count AS vehicle_count,
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
LEFT JOIN places ON crashes.point = places.record_key
LEFT JOIN word_lists AS factors
    ON factors.kind = 'factor'
    AND crashes.factor_1 IS NOT DISTINCT FROM factors.spelling_1
    AND crashes.factor_2 IS NOT DISTINCT FROM factors.spelling_2
    AND crashes.factor_3 IS NOT DISTINCT FROM factors.spelling_3
    AND crashes.factor_4 IS NOT DISTINCT FROM factors.spelling_4
    AND crashes.factor_5 IS NOT DISTINCT FROM factors.spelling_5
LEFT JOIN word_lists AS vehicles
    ON vehicles.kind = 'vehicle'
    AND crashes.vehicle_1 IS NOT DISTINCT FROM vehicles.spelling_1
    AND crashes.vehicle_2 IS NOT DISTINCT FROM vehicles.spelling_2
    AND crashes.vehicle_3 IS NOT DISTINCT FROM vehicles.spelling_3
    AND crashes.vehicle_4 IS NOT DISTINCT FROM vehicles.spelling_4
    AND crashes.vehicle_5 IS NOT DISTINCT FROM vehicles.spelling_5
WHERE crashes.broken_rules = ''
