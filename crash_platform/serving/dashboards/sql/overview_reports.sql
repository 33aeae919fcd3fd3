-- Preliminary reports by day, the newest first: crashes of days that no official record covers yet.
SELECT
    crash_date,
    count(*) AS report_count,
    count(*) FILTER (WHERE is_injury_crash) AS injury_report_count,
    count(*) FILTER (WHERE is_injury_crash IS NULL) AS untold_count,
    count(*) FILTER (WHERE is_simulated) AS simulated_count,
    max(known_at) AS known_at
FROM gold.crashes_now
WHERE NOT is_final AND ($boroughs = [] OR list_contains($boroughs, coalesce(borough, 'UNKNOWN')))
GROUP BY crash_date
ORDER BY crash_date DESC
LIMIT 14
