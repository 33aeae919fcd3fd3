-- Every spelling of a vehicle type in bronze's window, with the platform's word for it. A spelling without a letter
-- or digit says nothing and is left out: it counts as missing.
SELECT
    spellings.spelling,
    clean_text(spellings.spelling) AS reported,
    coalesce(words.vehicle_type, 'Other') AS vehicle_type
FROM (
    SELECT vehicle_type_code1 AS spelling FROM crash_records
    UNION
    SELECT vehicle_type_code2 AS spelling FROM crash_records
    UNION
    SELECT vehicle_type_code_3 AS spelling FROM crash_records
    UNION
    SELECT vehicle_type_code_4 AS spelling FROM crash_records
    UNION
    SELECT vehicle_type_code_5 AS spelling FROM crash_records
) AS spellings
LEFT JOIN vehicle_type_words AS words ON vocabulary_key(spellings.spelling) = words.key
WHERE vocabulary_key(spellings.spelling) <> ''
