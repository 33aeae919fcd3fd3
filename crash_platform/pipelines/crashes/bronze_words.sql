-- Each content a delivery says of a record: the day it is filed under, what bronze holds of the record, whether the
-- content is news, and the verdict that the delivery's last word decides. An undated record stays where it is.
WITH heard AS (
    SELECT record_key, content_hash, max(pulled_at) AS heard_at
    FROM held
    WHERE change NOT IN ('moved_away', 'disappeared')
    GROUP BY record_key, content_hash
),

compared AS (
    SELECT
        said.record_number,
        said.record_key,
        said.content_hash,
        said.position,
        said.is_last,
        said.is_only,
        said.said_date IS NOT NULL AS is_dated,
        coalesce(said.carried_date, current.filed_date, getvariable('pulled_date')) AS filed_date,
        heard.heard_at IS NULL AS is_news,
        current.last_version AS held_version,
        current.filed_date AS held_date,
        current.change AS held_change,
        current.change <> 'disappeared' AND current.content_hash = said.content_hash AS is_held,
        CASE
            WHEN heard.heard_at >= getvariable('pulled_at') THEN TRUE
            WHEN said.source_updated_at <> current.source_updated_at
                THEN said.source_updated_at < current.source_updated_at
            ELSE getvariable('pulled_at') < current.pulled_at
        END AS is_late
    FROM said
    LEFT JOIN current ON said.record_key = current.record_key
    LEFT JOIN heard ON said.record_key = heard.record_key AND said.content_hash = heard.content_hash
)

SELECT
    * EXCLUDE (is_held, is_late),
    CASE
        WHEN held_version IS NULL THEN 'inserted'
        WHEN is_held AND (is_late OR filed_date = held_date) THEN 'unchanged'
        WHEN is_late THEN 'older'
        WHEN held_change = 'disappeared' THEN 'reappeared'
        WHEN filed_date <> held_date THEN 'moved'
        ELSE 'corrected'
    END AS verdict
FROM compared
