-- Live predictions by day and model, and how right they were where an official record tells. Of a report that was
-- scored in several versions the last one counts.
WITH ranked AS (
    SELECT *, row_number() OVER (PARTITION BY event_id ORDER BY event_version DESC) AS place
    FROM live_predictions
),

judged AS (
    SELECT
        ranked.crash_date,
        ranked.feature_set,
        ranked.model_version,
        CASE WHEN labels.is_injury_crash IS NOT NULL THEN ranked.probability END AS probability,
        CAST(labels.is_injury_crash AS INT) AS outcome,
        labels.is_injury_crash IS NOT NULL AND ranked.is_predicted_injury AS is_flagged
    FROM ranked
    LEFT JOIN labels ON ranked.collision_id = labels.collision_id
    WHERE ranked.place = 1
)

SELECT
    crash_date,
    feature_set,
    model_version,
    count(*) AS prediction_count,
    count(outcome) AS labelled_count,
    CAST(coalesce(sum(outcome), 0) AS BIGINT) AS injury_count,
    count(CASE WHEN is_flagged THEN 1 END) AS flagged_count,
    count(CASE WHEN is_flagged AND outcome = 1 THEN 1 END) AS hit_count,
    avg(probability) AS mean_probability,
    avg((probability - outcome) * (probability - outcome)) AS brier
FROM judged
GROUP BY crash_date, feature_set, model_version
ORDER BY crash_date, feature_set, model_version
