-- What changed between a version and the one before it, field by field; plus the records that came late to
-- a day that had been landed before, came back, or disappeared.
-- A day counts as landed once a record that names it came; one that is only filed there (its date cannot be read),
-- or moved there, does not make the others late.
-- `canonical` holds the versions that changed and the ones before them, named "<record_key>@<version>".
WITH said AS (
    SELECT record_number, field, said_value
    FROM canonical
    UNPIVOT INCLUDE NULLS (
        said_value FOR field IN (
            crash_date, crash_time, borough,
            zip_code, latitude, longitude,
            on_street_name, off_street_name, cross_street_name,
            number_of_persons_injured, number_of_persons_killed, number_of_pedestrians_injured,
            number_of_pedestrians_killed, number_of_cyclist_injured, number_of_cyclist_killed,
            number_of_motorist_injured, number_of_motorist_killed, contributing_factor_vehicle_1,
            contributing_factor_vehicle_2, contributing_factor_vehicle_3, contributing_factor_vehicle_4,
            contributing_factor_vehicle_5, collision_id, vehicle_type_code1,
            vehicle_type_code2, vehicle_type_code_3, vehicle_type_code_4,
            vehicle_type_code_5
        )
    ) AS fields
),

first_landings AS (
    SELECT filed_date, min(landing) AS landing
    FROM crash_records
    WHERE change = 'inserted' AND day_of(clean_text(crash_date)) = filed_date
    GROUP BY filed_date
),

events AS (
    SELECT
        records.record_key,
        records.filed_date,
        records.version,
        CASE WHEN records.change = 'inserted' THEN 'added' ELSE records.change END AS change,
        records.pulled_at AS seen_at,
        records.source,
        records.landing
    FROM crash_records AS records
    LEFT JOIN first_landings ON records.filed_date = first_landings.filed_date
    WHERE records.change IN ('corrected', 'moved', 'reappeared', 'disappeared')
        OR (records.change = 'inserted' AND records.landing > first_landings.landing)
),

changed_fields AS (
    SELECT events.record_key, events.version, after.field, before.said_value AS old_value, after.said_value AS new_value
    FROM events
    INNER JOIN said AS after
        ON after.record_number = concat(events.record_key, '@', CAST(events.version AS STRING))
    INNER JOIN said AS before
        ON before.record_number = concat(events.record_key, '@', CAST(events.version - 1 AS STRING))
        AND before.field = after.field
    WHERE events.change IN ('corrected', 'moved')
        AND after.said_value IS DISTINCT FROM before.said_value
)

SELECT
    events.record_key,
    CASE
        WHEN CAST(strict_bigint(events.record_key) AS STRING) = events.record_key THEN strict_bigint(events.record_key)
    END AS collision_id,
    events.filed_date,
    events.version,
    events.change,
    changed_fields.field,
    changed_fields.old_value,
    changed_fields.new_value,
    events.seen_at,
    events.source,
    events.landing
FROM events
LEFT JOIN changed_fields
    ON events.record_key = changed_fields.record_key AND events.version = changed_fields.version
ORDER BY filed_date, record_key, version, field
