-- Every decision about which model is champion, the newest first.
SELECT
    number,
    decided_at,
    feature_set,
    action,
    challenger_version,
    model_version,
    as_of_date,
    gates,
    reason,
    decided_by
FROM model.promotions
ORDER BY number DESC
