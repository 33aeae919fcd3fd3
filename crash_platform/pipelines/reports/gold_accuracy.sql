-- How right the last predictions about each crash were where an official record tells, by day, channel and model.
WITH judged AS (
    SELECT
        last_predictions.crash_date,
        last_predictions.channel,
        last_predictions.feature_set,
        last_predictions.model_version,
        CASE WHEN labels.is_injury_crash IS NOT NULL THEN last_predictions.probability END AS probability,
        CAST(labels.is_injury_crash AS INT) AS outcome,
        labels.is_injury_crash IS NOT NULL AND last_predictions.is_predicted_injury AS is_flagged
    FROM last_predictions
    LEFT JOIN labels ON last_predictions.collision_id = labels.collision_id
)

SELECT
    crash_date,
    channel,
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
GROUP BY crash_date, channel, feature_set, model_version
ORDER BY crash_date, channel, feature_set, model_version
