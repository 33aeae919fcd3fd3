-- The candidates of an experiment with one metric; an experiment that was run for one feature set only is shown
-- whichever is asked for.
WITH chosen AS (
    SELECT *
    FROM model.comparison
    WHERE as_of_date = TRY_CAST($as_of_date AS DATE) AND experiment = $experiment
),

wanted AS (
    SELECT *
    FROM chosen
    WHERE
        feature_set = $feature_set
        OR NOT EXISTS (SELECT 1 FROM chosen WHERE feature_set = $feature_set)
),

measured AS (
    SELECT
        *,
        CASE $metric
            WHEN 'auc' THEN auc
            WHEN 'average_precision' THEN average_precision
            WHEN 'brier' THEN brier
            WHEN 'brier_skill' THEN brier_skill
            WHEN 'ece' THEN ece
            WHEN 'log_loss' THEN log_loss
            WHEN 'f1' THEN f1
            WHEN 'precision' THEN precision
            WHEN 'recall' THEN recall
            WHEN 'flagged_share' THEN flagged_share
            WHEN 'auc_gain' THEN auc_gain
            WHEN 'brier_gain' THEN brier_gain
            WHEN 'fit_seconds' THEN fit_seconds
            WHEN 'size_megabytes' THEN size_bytes / 1e6
        END AS value,
        CASE $metric
            WHEN 'auc' THEN auc_low
            WHEN 'average_precision' THEN average_precision_low
            WHEN 'brier' THEN brier_low
            WHEN 'ece' THEN ece_low
            WHEN 'auc_gain' THEN auc_gain_low
            WHEN 'brier_gain' THEN brier_gain_low
        END AS low,
        CASE $metric
            WHEN 'auc' THEN auc_high
            WHEN 'average_precision' THEN average_precision_high
            WHEN 'brier' THEN brier_high
            WHEN 'ece' THEN ece_high
            WHEN 'auc_gain' THEN auc_gain_high
            WHEN 'brier_gain' THEN brier_gain_high
        END AS high
    FROM wanted
)

SELECT
    experiment,
    feature_set,
    candidate,
    $metric AS metric,
    value,
    low,
    high,
    train_count,
    test_count,
    fit_seconds,
    parameters
FROM measured
WHERE value IS NOT NULL
ORDER BY candidate
