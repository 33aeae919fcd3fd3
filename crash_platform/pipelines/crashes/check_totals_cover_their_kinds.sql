-- Crashes with fewer persons than pedestrians, cyclists and motorists together.
SELECT
    collision_id,
    crash_date,
    persons_injured,
    pedestrians_injured,
    cyclists_injured,
    motorists_injured,
    persons_killed,
    pedestrians_killed,
    cyclists_killed,
    motorists_killed
FROM crashes
WHERE has_total_below_kinds
