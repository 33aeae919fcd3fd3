-- Every spelling of a contributing factor in bronze's window, with the platform's word for it. A spelling without a
-- letter or digit says nothing and is left out: it counts as missing.
SELECT
    spellings.spelling,
    clean_text(spellings.spelling) AS reported,
    coalesce(words.contributing_factor, 'Other') AS contributing_factor
FROM (
    SELECT contributing_factor_vehicle_1 AS spelling FROM crash_records
    UNION
    SELECT contributing_factor_vehicle_2 AS spelling FROM crash_records
    UNION
    SELECT contributing_factor_vehicle_3 AS spelling FROM crash_records
    UNION
    SELECT contributing_factor_vehicle_4 AS spelling FROM crash_records
    UNION
    SELECT contributing_factor_vehicle_5 AS spelling FROM crash_records
) AS spellings
LEFT JOIN contributing_factor_words AS words ON vocabulary_key(spellings.spelling) = words.key
WHERE vocabulary_key(spellings.spelling) <> ''
