-- Days on which the sums of a gold table (here `gold_rows`) are not those of silver.
WITH silver AS (
    SELECT
        crash_date,
        count(*) AS crash_count,
        count(CASE WHEN is_injury_crash THEN 1 END) AS injury_crash_count,
        coalesce(sum(persons_injured), 0) AS persons_injured,
        coalesce(sum(persons_killed), 0) AS persons_killed,
        coalesce(sum(pedestrians_injured), 0) AS pedestrians_injured,
        coalesce(sum(pedestrians_killed), 0) AS pedestrians_killed,
        coalesce(sum(cyclists_injured), 0) AS cyclists_injured,
        coalesce(sum(cyclists_killed), 0) AS cyclists_killed,
        coalesce(sum(motorists_injured), 0) AS motorists_injured,
        coalesce(sum(motorists_killed), 0) AS motorists_killed
    FROM crashes
    GROUP BY crash_date
),

gold AS (
    SELECT
        crash_date,
        sum(crash_count) AS crash_count,
        sum(injury_crash_count) AS injury_crash_count,
        sum(persons_injured) AS persons_injured,
        sum(persons_killed) AS persons_killed,
        sum(pedestrians_injured) AS pedestrians_injured,
        sum(pedestrians_killed) AS pedestrians_killed,
        sum(cyclists_injured) AS cyclists_injured,
        sum(cyclists_killed) AS cyclists_killed,
        sum(motorists_injured) AS motorists_injured,
        sum(motorists_killed) AS motorists_killed
    FROM gold_rows
    GROUP BY crash_date
)

SELECT
    coalesce(gold.crash_date, silver.crash_date) AS crash_date,
    gold.crash_count AS gold_crash_count,
    silver.crash_count AS silver_crash_count,
    gold.persons_injured AS gold_persons_injured,
    silver.persons_injured AS silver_persons_injured
FROM gold
FULL OUTER JOIN silver ON gold.crash_date = silver.crash_date
WHERE gold.crash_count IS DISTINCT FROM silver.crash_count
    OR gold.injury_crash_count IS DISTINCT FROM silver.injury_crash_count
    OR gold.persons_injured IS DISTINCT FROM silver.persons_injured
    OR gold.persons_killed IS DISTINCT FROM silver.persons_killed
    OR gold.pedestrians_injured IS DISTINCT FROM silver.pedestrians_injured
    OR gold.pedestrians_killed IS DISTINCT FROM silver.pedestrians_killed
    OR gold.cyclists_injured IS DISTINCT FROM silver.cyclists_injured
    OR gold.cyclists_killed IS DISTINCT FROM silver.cyclists_killed
    OR gold.motorists_injured IS DISTINCT FROM silver.motorists_injured
    OR gold.motorists_killed IS DISTINCT FROM silver.motorists_killed
