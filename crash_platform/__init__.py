"""crash_platform.

Road-crash records from their sources to gold tables, every table a Dagster asset, every day a
partition.
"""
