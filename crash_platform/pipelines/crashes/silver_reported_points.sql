-- Every pair of coordinates in bronze's window, as numbers, or with the reason why it is none. `point` names the place:
-- pairs that differ in blanks alone share it.
WITH texts AS (
    SELECT
        latitude AS reported_latitude,
        longitude AS reported_longitude,
        clean_text(latitude) AS latitude_text,
        clean_text(longitude) AS longitude_text
    FROM (SELECT DISTINCT latitude, longitude FROM crash_records) AS pairs
),

numbers AS (
    SELECT *, strict_double(latitude_text) AS latitude_number, strict_double(longitude_text) AS longitude_number
    FROM texts
),

judged_place AS (
    SELECT
        *,
        CASE
            WHEN latitude_text IS NULL OR longitude_text IS NULL THEN 'missing'
            WHEN latitude_number IS NULL OR longitude_number IS NULL THEN 'unreadable'
            WHEN latitude_number = 0 OR longitude_number = 0 THEN 'zero'
            WHEN latitude_number NOT BETWEEN 40.45 AND 40.95
                OR longitude_number NOT BETWEEN -74.30 AND -73.65 THEN 'outside_city'
        END AS coordinates_issue
    FROM numbers
)

SELECT
    reported_latitude,
    reported_longitude,
    coordinates_issue,
    CASE WHEN coordinates_issue IS NULL THEN latitude_number END AS latitude,
    CASE WHEN coordinates_issue IS NULL THEN longitude_number END AS longitude,
    CASE WHEN coordinates_issue IS NULL THEN concat(latitude_text, ' ', longitude_text) END AS point
FROM judged_place
