"""One folder per pipeline: its tables, its SQL texts, its assets and checks."""
