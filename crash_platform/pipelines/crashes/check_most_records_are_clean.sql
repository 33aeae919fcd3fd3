-- Records that were refused, with the rules they broke.
SELECT record_key, filed_date, broken_rules
FROM quarantined_crashes
