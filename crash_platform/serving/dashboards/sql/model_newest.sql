-- The newest row of the model's health.
SELECT *
FROM model.monitoring
WHERE feature_set = $feature_set
ORDER BY monitored_date DESC
LIMIT 1
