-- Crashes with a vehicle or factor whose spelling the vocabulary does not know. The source's own word "Other" is
-- known.
WITH positions AS (
    SELECT position FROM (VALUES (1), (2), (3), (4), (5)) AS numbers(position)
),

unknown AS (
    SELECT
        crashes.collision_id,
        crashes.crash_date,
        CASE
            WHEN item_of(crashes.vehicle_types, positions.position) = 'Other'
                THEN item_of(crashes.vehicle_types_raw, positions.position)
        END AS vehicle_type,
        CASE
            WHEN item_of(crashes.contributing_factors, positions.position) = 'Other'
                THEN item_of(crashes.contributing_factors_raw, positions.position)
        END AS contributing_factor
    FROM crashes
    CROSS JOIN positions
    WHERE array_contains(crashes.vehicle_types, 'Other') OR array_contains(crashes.contributing_factors, 'Other')
)

SELECT
    collision_id,
    crash_date,
    max(CASE WHEN vocabulary_key(vehicle_type) <> 'other' THEN vehicle_type END) AS vehicle_type,
    max(CASE WHEN vocabulary_key(contributing_factor) <> 'other' THEN contributing_factor END) AS contributing_factor
FROM unknown
WHERE vocabulary_key(vehicle_type) <> 'other' OR vocabulary_key(contributing_factor) <> 'other'
GROUP BY collision_id, crash_date
