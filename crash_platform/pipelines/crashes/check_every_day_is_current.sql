-- Days on which silver and gold do not hold exactly what bronze says, or a version went nowhere.
SELECT crash_date, bronze_count, superseded_count, clean_count, quarantined_count, gold_count
FROM crash_coverage
WHERE NOT is_current
    OR clean_count + quarantined_count + superseded_count <> bronze_count
