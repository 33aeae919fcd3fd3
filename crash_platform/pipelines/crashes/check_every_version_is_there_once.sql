-- Versions of a record that bronze holds more than once.
SELECT record_key, filed_date, version, count(*) AS times
FROM crash_records
GROUP BY record_key, filed_date, version
HAVING count(*) > 1
