-- Crashes and casualties by day and H3 cell; `h3_cells` holds the cell of every distinct coordinate pair.
SELECT
    crashes.crash_date,
    coalesce(cells.h3_cell, 'UNLOCATED') AS h3_cell,
    max(cells.cell_latitude) AS cell_latitude,
    max(cells.cell_longitude) AS cell_longitude,
    count(*) AS crash_count,
    count(CASE WHEN crashes.is_injury_crash THEN 1 END) AS injury_crash_count,
    CAST(coalesce(sum(crashes.persons_injured), 0) AS BIGINT) AS persons_injured,
    CAST(coalesce(sum(crashes.persons_killed), 0) AS BIGINT) AS persons_killed,
    CAST(coalesce(sum(crashes.pedestrians_injured), 0) AS BIGINT) AS pedestrians_injured,
    CAST(coalesce(sum(crashes.pedestrians_killed), 0) AS BIGINT) AS pedestrians_killed,
    CAST(coalesce(sum(crashes.cyclists_injured), 0) AS BIGINT) AS cyclists_injured,
    CAST(coalesce(sum(crashes.cyclists_killed), 0) AS BIGINT) AS cyclists_killed,
    CAST(coalesce(sum(crashes.motorists_injured), 0) AS BIGINT) AS motorists_injured,
    CAST(coalesce(sum(crashes.motorists_killed), 0) AS BIGINT) AS motorists_killed
FROM crashes
LEFT JOIN h3_cells AS cells
    ON crashes.latitude = cells.latitude AND crashes.longitude = cells.longitude
GROUP BY crashes.crash_date, coalesce(cells.h3_cell, 'UNLOCATED')
ORDER BY crash_date, h3_cell
