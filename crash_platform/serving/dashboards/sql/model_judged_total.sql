-- How right predictions were so far, all days together.
WITH judged AS (
    SELECT
        CAST(coalesce(sum(labelled_count), 0) AS BIGINT) AS labelled_count,
        CAST(coalesce(sum(injury_count), 0) AS BIGINT) AS injury_count,
        CAST(coalesce(sum(flagged_count), 0) AS BIGINT) AS flagged_count,
        CAST(coalesce(sum(hit_count), 0) AS BIGINT) AS hit_count,
        sum(mean_probability * labelled_count) AS expected_count,
        sum(brier * labelled_count) AS squared_difference
    FROM accuracy
),

said AS (
    SELECT count(DISTINCT prediction) AS prediction_count
    FROM predictions
)

SELECT
    said.prediction_count,
    judged.labelled_count,
    judged.labelled_count / said.prediction_count AS labelled_share,
    judged.squared_difference / nullif(judged.labelled_count, 0) AS brier,
    judged.hit_count / nullif(judged.flagged_count, 0) AS precision,
    judged.hit_count / nullif(judged.injury_count, 0) AS recall,
    judged.expected_count,
    CASE WHEN judged.labelled_count > 0 THEN judged.injury_count END AS injury_count
FROM judged
CROSS JOIN said
WHERE said.prediction_count > 0
