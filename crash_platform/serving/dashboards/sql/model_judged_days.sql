-- The same day by day; nothing is said of a day without an official record yet.
SELECT
    crash_date,
    CAST(sum(prediction_count) AS BIGINT) AS prediction_count,
    CAST(sum(labelled_count) AS BIGINT) AS labelled_count,
    sum(labelled_count) / sum(prediction_count) AS labelled_share,
    sum(mean_probability * labelled_count) AS expected_count,
    CASE WHEN sum(labelled_count) > 0 THEN CAST(sum(injury_count) AS BIGINT) END AS injury_count,
    sum(brier * labelled_count) / nullif(sum(labelled_count), 0) AS brier,
    sum(hit_count) / nullif(sum(flagged_count), 0) AS precision,
    sum(hit_count) / nullif(sum(injury_count), 0) AS recall
FROM accuracy
GROUP BY crash_date
ORDER BY crash_date
