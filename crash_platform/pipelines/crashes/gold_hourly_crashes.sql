-- Crashes and casualties by day, borough and local hour; the hour is null where the time of the crash is unknown.
SELECT
    crash_date,
    coalesce(borough, borough_located, 'UNKNOWN') AS borough,
    CAST(extract(HOUR FROM crashed_at) AS BIGINT) AS hour,
    count(*) AS crash_count,
    count(CASE WHEN is_injury_crash THEN 1 END) AS injury_crash_count,
    CAST(coalesce(sum(persons_injured), 0) AS BIGINT) AS persons_injured,
    CAST(coalesce(sum(persons_killed), 0) AS BIGINT) AS persons_killed
FROM crashes
GROUP BY crash_date, coalesce(borough, borough_located, 'UNKNOWN'), extract(HOUR FROM crashed_at)
ORDER BY crash_date, borough, hour NULLS LAST
