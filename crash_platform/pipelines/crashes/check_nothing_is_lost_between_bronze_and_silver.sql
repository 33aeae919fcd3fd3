-- Newest versions in bronze that are neither clean nor quarantined, and rows of silver that bronze does not have.
WITH placed AS (
    SELECT CAST(collision_id AS STRING) AS record_key, crash_date AS filed_date, version, 'clean' AS place
    FROM crashes
    UNION ALL
    SELECT record_key, filed_date, version, 'quarantined' AS place
    FROM quarantined_crashes
),

counted AS (
    SELECT record_key, filed_date, version, min(place) AS place, count(*) AS times
    FROM placed
    GROUP BY record_key, filed_date, version
)

SELECT
    coalesce(latest.filed_date, counted.filed_date) AS filed_date,
    coalesce(latest.record_key, counted.record_key) AS record_key,
    latest.version AS bronze_version,
    counted.version AS silver_version,
    counted.place,
    counted.times
FROM latest
FULL OUTER JOIN counted
    ON latest.record_key = counted.record_key
    AND latest.filed_date = counted.filed_date
    AND latest.version = counted.version
WHERE latest.record_key IS NULL OR counted.record_key IS NULL OR counted.times > 1
