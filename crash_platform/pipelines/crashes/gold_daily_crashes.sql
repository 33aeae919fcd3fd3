-- Crashes and casualties by day and borough. The reported borough counts first, then the located one.
SELECT
    crash_date,
    coalesce(borough, borough_located, 'UNKNOWN') AS borough,
    count(*) AS crash_count,
    count(CASE WHEN is_injury_crash THEN 1 END) AS injury_crash_count,
    CAST(coalesce(sum(persons_injured), 0) AS BIGINT) AS persons_injured,
    CAST(coalesce(sum(persons_killed), 0) AS BIGINT) AS persons_killed,
    CAST(coalesce(sum(pedestrians_injured), 0) AS BIGINT) AS pedestrians_injured,
    CAST(coalesce(sum(pedestrians_killed), 0) AS BIGINT) AS pedestrians_killed,
    CAST(coalesce(sum(cyclists_injured), 0) AS BIGINT) AS cyclists_injured,
    CAST(coalesce(sum(cyclists_killed), 0) AS BIGINT) AS cyclists_killed,
    CAST(coalesce(sum(motorists_injured), 0) AS BIGINT) AS motorists_injured,
    CAST(coalesce(sum(motorists_killed), 0) AS BIGINT) AS motorists_killed,
    CAST(count(CASE WHEN is_injury_crash THEN 1 END) AS DOUBLE) / count(*) AS injury_share,
    count(latitude) AS located_count,
    CAST(count(latitude) AS DOUBLE) / count(*) AS located_share
FROM crashes
GROUP BY crash_date, coalesce(borough, borough_located, 'UNKNOWN')
ORDER BY crash_date, borough
