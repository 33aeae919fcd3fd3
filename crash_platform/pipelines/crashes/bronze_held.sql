-- Every version that bronze holds of the records a delivery names.
SELECT
    crash_records.record_key,
    crash_records.filed_date,
    crash_records.version,
    crash_records.change,
    crash_records.content_hash,
    crash_records.pulled_at,
    crash_records.source_updated_at
FROM crash_records
SEMI JOIN incoming ON crash_records.record_key = incoming.record_key
