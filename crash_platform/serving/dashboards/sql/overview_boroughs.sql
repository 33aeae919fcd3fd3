-- Crashes and casualties by borough, the most crashes first.
SELECT
    borough,
    CAST(sum(crash_count) AS BIGINT) AS crash_count,
    CAST(sum(crash_count) AS DOUBLE) / sum(sum(crash_count)) OVER () AS crash_share,
    CAST(sum(injury_crash_count) AS DOUBLE) / sum(crash_count) AS injury_share,
    CAST(sum(persons_injured) AS BIGINT) AS persons_injured,
    CAST(sum(persons_killed) AS BIGINT) AS persons_killed
FROM gold.daily_crashes
WHERE crash_date BETWEEN $first_day AND $last_day AND ($boroughs = [] OR list_contains($boroughs, borough))
GROUP BY borough
ORDER BY crash_count DESC, borough
