-- One row per day that bronze knows: where every version went, and whether silver and gold follow it.
WITH bronze AS (
    SELECT
        filed_date AS crash_date,
        count(*) AS bronze_count,
        max(landing) AS landing,
        min(pulled_at) AS first_pulled_at,
        max(pulled_at) AS last_pulled_at
    FROM crash_records
    GROUP BY filed_date
),

live AS (
    SELECT
        latest.filed_date AS crash_date,
        count(*) AS live_count,
        count(clean.collision_id) AS clean_current_count,
        count(refused.record_key) AS refused_current_count
    FROM latest
    LEFT JOIN crashes AS clean
        ON latest.record_key = CAST(clean.collision_id AS STRING)
        AND latest.filed_date = clean.crash_date
        AND latest.version = clean.version
    LEFT JOIN quarantined_crashes AS refused
        ON latest.record_key = refused.record_key
        AND latest.filed_date = refused.filed_date
        AND latest.version = refused.version
    GROUP BY latest.filed_date
),

clean AS (
    SELECT crash_date, count(*) AS clean_count, count(latitude) AS located_count
    FROM crashes
    GROUP BY crash_date
),

refused AS (
    SELECT filed_date AS crash_date, count(*) AS quarantined_count
    FROM quarantined_crashes
    GROUP BY filed_date
),

revisions AS (
    SELECT filed_date AS crash_date, count(*) AS revision_count
    FROM crash_revisions
    GROUP BY filed_date
),

gold AS (
    SELECT crash_date, CAST(sum(crash_count) AS BIGINT) AS gold_count
    FROM daily_crashes
    GROUP BY crash_date
)

SELECT
    bronze.crash_date,
    bronze.bronze_count,
    bronze.bronze_count - coalesce(live.live_count, 0) AS superseded_count,
    coalesce(clean.clean_count, 0) AS clean_count,
    coalesce(refused.quarantined_count, 0) AS quarantined_count,
    coalesce(revisions.revision_count, 0) AS revision_count,
    coalesce(clean.located_count, 0) AS located_count,
    coalesce(gold.gold_count, 0) AS gold_count,
    bronze.landing,
    coalesce(live.live_count, 0) = coalesce(live.clean_current_count, 0) + coalesce(live.refused_current_count, 0)
        AND coalesce(live.clean_current_count, 0) = coalesce(clean.clean_count, 0)
        AND coalesce(live.refused_current_count, 0) = coalesce(refused.quarantined_count, 0)
        AND coalesce(gold.gold_count, 0) = coalesce(clean.clean_count, 0) AS is_current,
    bronze.first_pulled_at,
    bronze.last_pulled_at
FROM bronze
LEFT JOIN live ON bronze.crash_date = live.crash_date
LEFT JOIN clean ON bronze.crash_date = clean.crash_date
LEFT JOIN refused ON bronze.crash_date = refused.crash_date
LEFT JOIN revisions ON bronze.crash_date = revisions.crash_date
LEFT JOIN gold ON bronze.crash_date = gold.crash_date
ORDER BY crash_date
