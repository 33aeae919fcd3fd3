-- Boroughs in silver that are none of the five.
SELECT collision_id, crash_date, borough, borough_located
FROM crashes
WHERE borough NOT IN ('BRONX', 'BROOKLYN', 'MANHATTAN', 'QUEENS', 'STATEN ISLAND')
    OR borough_located NOT IN ('BRONX', 'BROOKLYN', 'MANHATTAN', 'QUEENS', 'STATEN ISLAND')
