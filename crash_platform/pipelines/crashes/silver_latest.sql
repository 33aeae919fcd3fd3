-- The newest version of every record inside its day; records that left the day or disappeared are gone.
SELECT records.*
FROM crash_records AS records
LEFT JOIN (
    SELECT record_key, filed_date, max(version) AS newest
    FROM crash_records
    WHERE version > 1
    GROUP BY record_key, filed_date
) AS revised
    ON records.record_key = revised.record_key AND records.filed_date = revised.filed_date
WHERE (revised.newest IS NULL OR records.version = revised.newest)
    AND records.change NOT IN ('moved_away', 'disappeared')
