-- Coordinates that are half there, outside the city, or missing without a reason (or there in spite of one).
SELECT collision_id, crash_date, latitude, longitude, coordinates_issue
FROM crashes
WHERE (latitude IS NULL) <> (longitude IS NULL)
    OR (latitude IS NULL) <> (coordinates_issue IS NOT NULL)
    OR latitude NOT BETWEEN 40.45 AND 40.95
    OR longitude NOT BETWEEN -74.30 AND -73.65
