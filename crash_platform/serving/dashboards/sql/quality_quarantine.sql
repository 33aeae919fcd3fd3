-- Refused records by month and rule; a record that broke two rules counts under both.
WITH broken AS (
    SELECT strftime(filed_date, '%Y-%m') AS filed_month, unnest(string_split(broken_rules, ',')) AS rule
    FROM silver.quarantined_crashes
    WHERE filed_date BETWEEN $first_day AND $last_day
)

SELECT filed_month, trim(rule) AS rule, count(*) AS record_count
FROM broken
GROUP BY filed_month, trim(rule)
ORDER BY filed_month, rule
