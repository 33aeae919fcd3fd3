"""Runs one SQL text over named tables, on DuckDB or on Spark. No table names, no meaning."""
