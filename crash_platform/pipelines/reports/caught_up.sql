-- Reports whose crash has an official record by now, whatever day that is filed under.
SELECT event_id
FROM reported_crashes
WHERE collision_id IN (SELECT collision_id FROM official_ids)
