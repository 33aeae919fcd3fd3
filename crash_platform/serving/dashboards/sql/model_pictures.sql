-- The charts that show how good the model of a day is, in the order in which they are read.
SELECT chart, title, reading, png
FROM model.evaluation_charts
WHERE feature_set = $feature_set AND as_of_date = TRY_CAST($as_of_date AS DATE)
ORDER BY position
