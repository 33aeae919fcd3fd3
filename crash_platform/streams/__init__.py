"""Event logs: positions, planning a range, reading it, landing it exactly once, dead letters.

What an event means is said by the pipelines; when a range is landed, by orchestration.
"""
