-- Drift of the score day by day, the line of chance, and the limit that raises the alert.
SELECT
    monitored_date,
    score_psi,
    score_psi_line,
    greatest($largest_psi, coalesce(score_psi_line, 0)) AS alert_line,
    crash_count,
    usual_count,
    model_version,
    is_in_sample
FROM model.monitoring
WHERE
    feature_set = $feature_set
    AND monitored_date BETWEEN $first_day AND $last_day
ORDER BY monitored_date
