-- Every combination of the eight counts in bronze's window, as texts and as numbers. Combinations are few (200 in 1.5
-- million records), so each is read once and records meet it by its raw form.
WITH combinations AS (
    SELECT DISTINCT
        number_of_persons_injured,
        number_of_persons_killed,
        number_of_pedestrians_injured,
        number_of_pedestrians_killed,
        number_of_cyclist_injured,
        number_of_cyclist_killed,
        number_of_motorist_injured,
        number_of_motorist_killed
    FROM crash_records
),

texts AS (
    SELECT
        *,
        clean_text(number_of_persons_injured) AS persons_injured_text,
        clean_text(number_of_persons_killed) AS persons_killed_text,
        clean_text(number_of_pedestrians_injured) AS pedestrians_injured_text,
        clean_text(number_of_pedestrians_killed) AS pedestrians_killed_text,
        clean_text(number_of_cyclist_injured) AS cyclists_injured_text,
        clean_text(number_of_cyclist_killed) AS cyclists_killed_text,
        clean_text(number_of_motorist_injured) AS motorists_injured_text,
        clean_text(number_of_motorist_killed) AS motorists_killed_text
    FROM combinations
),

plain AS (
    SELECT
        *,
        plain_number(persons_injured_text) AS persons_injured_plain,
        plain_number(persons_killed_text) AS persons_killed_plain,
        plain_number(pedestrians_injured_text) AS pedestrians_injured_plain,
        plain_number(pedestrians_killed_text) AS pedestrians_killed_plain,
        plain_number(cyclists_injured_text) AS cyclists_injured_plain,
        plain_number(cyclists_killed_text) AS cyclists_killed_plain,
        plain_number(motorists_injured_text) AS motorists_injured_plain,
        plain_number(motorists_killed_text) AS motorists_killed_plain
    FROM texts
),

numbers AS (
    SELECT
        *,
        strict_bigint(persons_injured_plain) AS persons_injured,
        strict_bigint(persons_killed_plain) AS persons_killed,
        strict_bigint(pedestrians_injured_plain) AS pedestrians_injured,
        strict_bigint(pedestrians_killed_plain) AS pedestrians_killed,
        strict_bigint(cyclists_injured_plain) AS cyclists_injured,
        strict_bigint(cyclists_killed_plain) AS cyclists_killed,
        strict_bigint(motorists_injured_plain) AS motorists_injured,
        strict_bigint(motorists_killed_plain) AS motorists_killed
    FROM plain
)

SELECT
    *,
    coalesce(
        persons_injured
        < coalesce(pedestrians_injured, 0) + coalesce(cyclists_injured, 0) + coalesce(motorists_injured, 0), FALSE
    )
    OR coalesce(
        persons_killed
        < coalesce(pedestrians_killed, 0) + coalesce(cyclists_killed, 0) + coalesce(motorists_killed, 0), FALSE
    ) AS has_total_below_kinds,
    -- A kind that is missing may hold the rest: only three known kinds can be too few.
    coalesce(persons_injured > pedestrians_injured + cyclists_injured + motorists_injured, FALSE)
        OR coalesce(persons_killed > pedestrians_killed + cyclists_killed + motorists_killed, FALSE)
        AS has_total_above_kinds
FROM numbers
