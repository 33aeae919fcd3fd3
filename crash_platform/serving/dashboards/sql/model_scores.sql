-- How the probabilities of the newest 12 months are spread, in tenths.
WITH recent AS (
    SELECT least(CAST(floor(probability * 10) AS INTEGER), 9) AS tenth, is_in_sample
    FROM gold.injury_predictions
    WHERE
        feature_set = $feature_set
        AND crash_date > (SELECT max(crash_date) FROM gold.injury_predictions) - INTERVAL 12 MONTH
)

SELECT
    CAST(tenth * 10 AS VARCHAR) || '-' || CAST(tenth * 10 + 10 AS VARCHAR) || ' %' AS probability_band,
    count(CASE WHEN NOT is_in_sample THEN 1 END) AS unseen_count,
    count(CASE WHEN is_in_sample THEN 1 END) AS seen_count
FROM recent
GROUP BY tenth
ORDER BY tenth
