-- Borough of a point, exact to the outlines. In: crash_points (record_key unique, latitude, longitude),
-- borough_grid, borough_edges. Out: one row per point that a borough holds; a point on an outline
-- is held by it, and of two boroughs that share a border the alphabetically first one wins.
-- 512 cells to a degree, as in places/grid.py; the range keeps absurd coordinates out of the cast.
WITH cells AS (
  SELECT
    record_key,
    latitude,
    longitude,
    CASE WHEN latitude BETWEEN -90 AND 90
      THEN CAST(floor(latitude * 512) AS INT) END AS cell_row,
    CASE WHEN longitude BETWEEN -180 AND 180
      THEN CAST(floor(longitude * 512) AS INT) END AS cell_column
  FROM crash_points
),
located AS (
  SELECT
    cells.record_key,
    cells.latitude,
    cells.longitude,
    cells.cell_row,
    borough_grid.borough
  FROM cells
  JOIN borough_grid
    ON borough_grid.cell_row = cells.cell_row
    AND borough_grid.cell_column = cells.cell_column
),
-- Points in cells that an outline touches, with the edges that pass their latitude. The sign of
-- side says where the point is: negative west of the edge, 0 on its line. No division: an edge
-- may be horizontal.
sides AS (
  SELECT
    located.record_key,
    borough_edges.borough,
    located.latitude < borough_edges.y2 AS is_below_end,
    located.longitude BETWEEN least(borough_edges.x1, borough_edges.x2)
      AND greatest(borough_edges.x1, borough_edges.x2) AS is_between_ends,
    (located.longitude - borough_edges.x1) * (borough_edges.y2 - borough_edges.y1)
      - (located.latitude - borough_edges.y1) * (borough_edges.x2 - borough_edges.x1) AS side
  FROM located
  JOIN borough_edges
    ON borough_edges.cell_row = located.cell_row
    AND located.latitude >= borough_edges.y1
    AND located.latitude <= borough_edges.y2
  WHERE located.borough IS NULL
),
-- Inside: an odd number of edges lies east of the point; or it is on one of them.
held AS (
  SELECT record_key, borough
  FROM sides
  GROUP BY record_key, borough
  HAVING count(CASE WHEN side < 0 AND is_below_end THEN 1 END) % 2 = 1
    OR count(CASE WHEN side = 0 AND is_between_ends THEN 1 END) > 0
)
SELECT record_key, borough AS borough_located
FROM located
WHERE borough IS NOT NULL
UNION ALL
SELECT record_key, min(borough) AS borough_located
FROM held
GROUP BY record_key
