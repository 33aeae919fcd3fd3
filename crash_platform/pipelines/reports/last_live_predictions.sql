-- Live predictions, of a report that was scored in several versions the last one. The stream is their only channel.
WITH ranked AS (
    SELECT *, row_number() OVER (PARTITION BY event_id ORDER BY event_version DESC) AS place
    FROM live_predictions
)

SELECT crash_date, 'stream' AS channel, feature_set, model_version, collision_id, probability, is_predicted_injury
FROM ranked
WHERE place = 1
