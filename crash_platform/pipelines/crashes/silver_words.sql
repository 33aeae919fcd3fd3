-- Every spelling of a factor or vehicle type in bronze's window, with the platform's word for it. A spelling without a
-- letter or digit says nothing and is left out: it counts as missing.
WITH vocabulary AS (
    SELECT 'factor' AS kind, key, contributing_factor AS word FROM contributing_factor_words
    UNION ALL
    SELECT 'vehicle' AS kind, key, vehicle_type AS word FROM vehicle_type_words
),

spellings AS (
    SELECT kind, spelling_1 AS spelling FROM spelling_lists
    UNION
    SELECT kind, spelling_2 AS spelling FROM spelling_lists
    UNION
    SELECT kind, spelling_3 AS spelling FROM spelling_lists
    UNION
    SELECT kind, spelling_4 AS spelling FROM spelling_lists
    UNION
    SELECT kind, spelling_5 AS spelling FROM spelling_lists
),

keyed AS (
    SELECT kind, spelling, vocabulary_key(spelling) AS key
    FROM spellings
)

SELECT
    keyed.kind,
    keyed.spelling,
    clean_text(keyed.spelling) AS reported,
    coalesce(vocabulary.word, 'Other') AS word
FROM keyed
LEFT JOIN vocabulary ON keyed.kind = vocabulary.kind AND keyed.key = vocabulary.key
WHERE keyed.key <> ''
