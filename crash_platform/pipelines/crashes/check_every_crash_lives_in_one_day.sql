-- Crashes of the run that silver holds more than once, over all days. A row that bronze knows to have left its day
-- since is not counted: that day is still waiting for its own run.
WITH leavings AS (
    SELECT record_key, filed_date, max(version) AS version
    FROM all_records
    WHERE change IN ('moved_away', 'disappeared')
    GROUP BY record_key, filed_date
)

SELECT
    held.collision_id,
    count(*) AS times,
    min(held.crash_date) AS first_day,
    max(held.crash_date) AS last_day
FROM all_crashes AS held
LEFT JOIN leavings
    ON CAST(held.collision_id AS STRING) = leavings.record_key
    AND held.crash_date = leavings.filed_date
    AND held.version < leavings.version
WHERE held.collision_id IN (SELECT collision_id FROM crashes)
    AND leavings.record_key IS NULL
GROUP BY held.collision_id
HAVING count(*) > 1
