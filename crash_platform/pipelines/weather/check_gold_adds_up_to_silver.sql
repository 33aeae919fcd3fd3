-- Days on which a gold table (here `gold_rows`) does not count the readings of silver.
WITH counted AS (
    SELECT observed_date, reading_count AS in_gold, 0 AS in_silver
    FROM gold_rows
    UNION ALL
    SELECT observed_date, 0 AS in_gold, 1 AS in_silver
    FROM weather_readings
)

SELECT observed_date, sum(in_gold) AS gold_count, sum(in_silver) AS silver_count
FROM counted
GROUP BY observed_date
HAVING sum(in_gold) <> sum(in_silver)
