-- Served predictions by day of the crash, channel and model, and how right they were where an official record tells. Of
-- several answers of one model to one crash over one channel the last one counts; without an id every answer does.
WITH ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY
                crash_date,
                channel,
                feature_set,
                model_version,
                coalesce(CAST(collision_id AS STRING), concat(request_id, '/', CAST(place_in_request AS STRING)))
            ORDER BY asked_at DESC, request_id DESC, place_in_request DESC
        ) AS place
    FROM served_predictions
),

judged AS (
    SELECT
        ranked.crash_date,
        ranked.channel,
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
