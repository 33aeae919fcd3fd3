-- What bronze takes for true of each of these records: its newest version, the ones that came too late apart.
SELECT
    record_key,
    last_version,
    filed_date,
    version,
    change,
    content_hash,
    pulled_at,
    source_updated_at
FROM (
    SELECT *, max(version) OVER (PARTITION BY record_key) AS last_version
    FROM held
)
WHERE change NOT IN ('moved_away', 'older')
QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY version DESC) = 1
