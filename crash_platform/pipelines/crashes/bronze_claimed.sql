-- The records that lie in days of which the delivery says to hold everything, and that it does not name. Every
-- version that leaves a day leaves a tombstone there, so a day alone tells who is in it. A record whose date
-- cannot be read is in no day that a source could speak for.
SELECT
    record_key,
    filed_date,
    version,
    pulled_at,
    content_hash
FROM crash_records
WHERE filed_date BETWEEN getvariable('claimed_first') AND getvariable('claimed_last')
QUALIFY row_number() OVER (PARTITION BY record_key, filed_date ORDER BY version DESC) = 1
    AND change NOT IN ('moved_away', 'disappeared')
    AND day_of(clean_text(crash_date)) = filed_date
