-- Served predictions. Of several answers of one model to one crash over one channel the last one counts; without an id
-- every answer does.
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
)

SELECT crash_date, channel, feature_set, model_version, collision_id, probability, is_predicted_injury
FROM ranked
WHERE place = 1
