-- Crashes and casualties of each H3 cell of resolution 9; the crashes without coordinates are a cell of their own.
SELECT
    h3_cell,
    CAST(sum(crash_count) AS BIGINT) AS crash_count,
    CAST(sum(injury_crash_count) AS BIGINT) AS injury_crash_count,
    CAST(sum(persons_injured) AS BIGINT) AS persons_injured,
    CAST(sum(persons_killed) AS BIGINT) AS persons_killed
FROM gold.crash_hotspots
WHERE crash_date BETWEEN $first_day AND $last_day
GROUP BY h3_cell
