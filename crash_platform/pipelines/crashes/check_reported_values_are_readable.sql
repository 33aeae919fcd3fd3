-- Crashes whose borough, time or coordinates were reported in a form that cannot be read.
SELECT collision_id, crash_date, is_borough_unknown, is_time_unreadable, coordinates_issue
FROM crashes
WHERE is_borough_unknown
    OR is_time_unreadable
    OR coalesce(coordinates_issue, '') = 'unreadable'
