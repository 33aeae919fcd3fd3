-- Every list of factors or vehicle types in bronze's window, with what it says: the platform's words and the words as
-- reported, in order, without the missing ones. Lists are few (16,000 in 1.5 million records).
SELECT
    lists.kind,
    lists.spelling_1,
    lists.spelling_2,
    lists.spelling_3,
    lists.spelling_4,
    lists.spelling_5,
    compact_list(word_1.word, word_2.word, word_3.word, word_4.word, word_5.word) AS words,
    compact_list(word_1.reported, word_2.reported, word_3.reported, word_4.reported, word_5.reported) AS reported,
    nullif(
        CAST(
            CASE WHEN word_1.reported IS NULL THEN 0 ELSE 1 END
            + CASE WHEN word_2.reported IS NULL THEN 0 ELSE 1 END
            + CASE WHEN word_3.reported IS NULL THEN 0 ELSE 1 END
            + CASE WHEN word_4.reported IS NULL THEN 0 ELSE 1 END
            + CASE WHEN word_5.reported IS NULL THEN 0 ELSE 1 END
            AS BIGINT
        ),
        0
    ) AS word_count
FROM spelling_lists AS lists
LEFT JOIN words AS word_1 ON lists.kind = word_1.kind AND lists.spelling_1 = word_1.spelling
LEFT JOIN words AS word_2 ON lists.kind = word_2.kind AND lists.spelling_2 = word_2.spelling
LEFT JOIN words AS word_3 ON lists.kind = word_3.kind AND lists.spelling_3 = word_3.spelling
LEFT JOIN words AS word_4 ON lists.kind = word_4.kind AND lists.spelling_4 = word_4.spelling
LEFT JOIN words AS word_5 ON lists.kind = word_5.kind AND lists.spelling_5 = word_5.spelling
