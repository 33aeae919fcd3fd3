-- Every pair of borough and ZIP code in bronze's window, cleaned.
WITH cleaned AS (
    SELECT
        borough AS reported_borough,
        zip_code AS reported_zip_code,
        clean_text(zip_code) AS zip_code,
        clean_text(borough) AS borough_text
    FROM (SELECT DISTINCT borough, zip_code FROM crash_records) AS pairs
),

judged_borough AS (
    SELECT
        reported_borough,
        reported_zip_code,
        zip_code,
        capitals(borough_text) AS borough_text,
        coalesce(
            capitals(borough_text) NOT IN ('BRONX', 'BROOKLYN', 'MANHATTAN', 'QUEENS', 'STATEN ISLAND'), FALSE
        ) AS is_borough_unknown
    FROM cleaned
)

SELECT
    reported_borough,
    reported_zip_code,
    zip_code,
    is_borough_unknown,
    CASE WHEN NOT is_borough_unknown THEN borough_text END AS borough
FROM judged_borough
