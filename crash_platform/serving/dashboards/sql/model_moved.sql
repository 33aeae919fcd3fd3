-- Drift of every feature in the newest week that was looked at, the largest first.
WITH newest AS (
    SELECT feature_psi
    FROM model.monitoring
    WHERE feature_set = $feature_set
    ORDER BY monitored_date DESC
    LIMIT 1
),

features AS (
    SELECT unnest(json_keys(feature_psi)) AS name, feature_psi FROM newest
)

SELECT replace(name, '_', ' ') AS feature, CAST(json_extract(feature_psi, '$.' || name) AS DOUBLE) AS psi
FROM features
ORDER BY psi DESC, feature
