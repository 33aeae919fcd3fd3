-- The versions a delivery adds.
-- * Every content that is news, in the order in which it was said. A record that moved leaves a tombstone behind.
-- * Where bronze knows better, what came is kept as `older`, and what holds is said again after it: the highest
--   version inside a day is always the one that counts, and readers need no other rule.
-- * A tombstone for each record that is missing from days of which the delivery holds everything.
-- New records that are said once, nearly all of a first load, take the short way.
WITH others AS (
    SELECT
        *,
        max(CASE WHEN is_last THEN verdict END) OVER (PARTITION BY record_key) IN ('unchanged', 'older') AS is_beaten
    FROM words
    WHERE held_version IS NOT NULL OR NOT is_only
),

named AS (
    SELECT
        record_number,
        record_key,
        filed_date,
        coalesce(held_version, 0) + row_number() OVER kept AS version,
        row_number() OVER kept AS step,
        coalesce(lag(filed_date) OVER kept, held_date) AS previous_filed_date,
        CASE
            WHEN is_beaten THEN 'older'
            WHEN row_number() OVER kept > 1 THEN 'corrected'
            WHEN held_version IS NULL THEN 'inserted'
            WHEN held_change = 'disappeared' THEN 'reappeared'
            ELSE 'corrected'
        END AS kind,
        content_hash
    FROM others
    WHERE is_news OR (is_last AND NOT is_beaten)
    WINDOW kept AS (PARTITION BY record_key ORDER BY position)
),

changes AS (
    SELECT
        * EXCLUDE (kind),
        CASE WHEN kind = 'corrected' AND previous_filed_date <> filed_date THEN 'moved' ELSE kind END AS change
    FROM named
),

beaten AS (
    SELECT record_key, max(version) AS version, arg_max(filed_date, version) AS filed_date
    FROM changes
    WHERE change = 'older'
    GROUP BY record_key
)

SELECT
    record_number,
    record_key,
    filed_date,
    CAST(1 AS BIGINT) AS version,
    'inserted' AS change,
    CAST(NULL AS DATE) AS previous_filed_date,
    content_hash,
    CAST(NULL AS BIGINT) AS copied_version
FROM words
WHERE held_version IS NULL AND is_only
UNION ALL
SELECT record_number, record_key, filed_date, version, change, previous_filed_date, content_hash, NULL
FROM changes
UNION ALL
SELECT
    -row_number() OVER (),
    beaten.record_key,
    current.filed_date,
    beaten.version + 1,
    'restated',
    beaten.filed_date,
    current.content_hash,
    current.version
FROM beaten
INNER JOIN current ON beaten.record_key = current.record_key
WHERE current.change <> 'disappeared'
UNION ALL
SELECT NULL, record_key, previous_filed_date, version, 'moved_away', previous_filed_date, content_hash, NULL
FROM changes
WHERE change = 'moved' OR (change = 'older' AND step > 1 AND previous_filed_date <> filed_date)
UNION ALL
SELECT
    NULL,
    beaten.record_key,
    beaten.filed_date,
    beaten.version + 1,
    'moved_away',
    beaten.filed_date,
    current.content_hash,
    NULL
FROM beaten
INNER JOIN current ON beaten.record_key = current.record_key
WHERE current.change = 'disappeared' OR current.filed_date <> beaten.filed_date
UNION ALL
SELECT NULL, record_key, filed_date, version + 1, 'disappeared', filed_date, content_hash, NULL
FROM claimed
ANTI JOIN incoming ON claimed.record_key = incoming.record_key
WHERE pulled_at < getvariable('pulled_at')
