-- What was said and what happened, week by week, once labels are mature; AUC apart for weeks the model has seen.
SELECT
    matured_to,
    matured_base_rate,
    usual_base_rate,
    matured_mean_probability,
    CASE WHEN NOT is_in_sample THEN matured_auc END AS unseen_auc,
    CASE WHEN is_in_sample THEN matured_auc END AS seen_auc,
    matured_brier,
    matured_ece,
    matured_count,
    model_version,
    is_in_sample
FROM model.monitoring
WHERE
    feature_set = $feature_set
    AND matured_base_rate IS NOT NULL
    AND monitored_date BETWEEN $first_day AND $last_day
ORDER BY matured_to
