-- Scores that are no probability or contradict their threshold, scores without a crash or there twice, and crashes
-- that one of the feature sets in use left out.
WITH sets AS (
    SELECT DISTINCT feature_set FROM injury_predictions
),

wanted AS (
    SELECT crash_features.collision_id, sets.feature_set
    FROM crash_features
    CROSS JOIN sets
),

given AS (
    SELECT
        collision_id,
        feature_set,
        count(*) AS found,
        max(
            CASE
                WHEN probability BETWEEN 0 AND 1
                    AND is_predicted_injury = (probability >= threshold) THEN 0
                ELSE 1
            END
        ) AS wrong
    FROM injury_predictions
    GROUP BY collision_id, feature_set
)

SELECT
    coalesce(wanted.collision_id, given.collision_id) AS collision_id,
    coalesce(wanted.feature_set, given.feature_set) AS feature_set,
    given.found,
    given.wrong
FROM wanted
FULL OUTER JOIN given
    ON wanted.collision_id = given.collision_id AND wanted.feature_set = given.feature_set
WHERE given.found IS NULL
    OR wanted.collision_id IS NULL
    OR given.found > 1
    OR given.wrong = 1
