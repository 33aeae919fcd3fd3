-- The champion of a feature set, as the last line of the ledger says, with the figures of its test window.
WITH decided AS (
    SELECT * FROM model.promotions WHERE feature_set = $feature_set
),

last_decision AS (
    SELECT * FROM decided ORDER BY number DESC LIMIT 1
),

since AS (
    SELECT max(decided.decided_at) AS champion_since
    FROM decided
    INNER JOIN last_decision ON decided.model_version = last_decision.model_version
    WHERE decided.action <> 'kept'
)

SELECT
    CASE
        WHEN last_decision.model_version = 0 THEN 'none'
        ELSE 'version ' || CAST(last_decision.model_version AS VARCHAR)
    END AS champion,
    made.as_of_date,
    since.champion_since,
    made.auc,
    made.brier_skill,
    made.ece,
    made.recall,
    made.precision,
    made.threshold,
    made.base_rate,
    made.test_count,
    made.tested_from,
    made.tested_to
FROM last_decision
CROSS JOIN since
LEFT JOIN model.injury_model AS made
    ON last_decision.feature_set = made.feature_set AND last_decision.model_version = made.model_version
