-- Every list of five factors, and of five vehicle types, in bronze's window, as reported.
SELECT DISTINCT
    'factor' AS kind,
    contributing_factor_vehicle_1 AS spelling_1,
    contributing_factor_vehicle_2 AS spelling_2,
    contributing_factor_vehicle_3 AS spelling_3,
    contributing_factor_vehicle_4 AS spelling_4,
    contributing_factor_vehicle_5 AS spelling_5
FROM crash_records
UNION ALL
SELECT DISTINCT
    'vehicle' AS kind,
    vehicle_type_code1 AS spelling_1,
    vehicle_type_code2 AS spelling_2,
    vehicle_type_code_3 AS spelling_3,
    vehicle_type_code_4 AS spelling_4,
    vehicle_type_code_5 AS spelling_5
FROM crash_records
