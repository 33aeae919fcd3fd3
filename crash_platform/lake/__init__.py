"""Tables at rest: what a table is (contract), where it lives (location), how it is used (store)."""
