-- Refused records by the combination of rules they broke.
SELECT broken_rules, count(*) AS record_count, min(record_key) AS example
FROM quarantined_crashes
GROUP BY broken_rules
ORDER BY record_count DESC, broken_rules
