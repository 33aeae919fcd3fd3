-- Crashes without features, features without a crash, and crashes whose features are there more than once or for
-- another day.
SELECT
    coalesce(crashes.collision_id, crash_features.collision_id) AS collision_id,
    crashes.crash_date AS date_in_silver,
    crash_features.crash_date AS date_of_features,
    count(*) AS found
FROM crashes
FULL OUTER JOIN crash_features ON crashes.collision_id = crash_features.collision_id
GROUP BY
    coalesce(crashes.collision_id, crash_features.collision_id),
    crashes.crash_date,
    crash_features.crash_date
HAVING count(*) > 1
    OR crashes.crash_date IS NULL
    OR crash_features.crash_date IS NULL
    OR crashes.crash_date <> crash_features.crash_date
