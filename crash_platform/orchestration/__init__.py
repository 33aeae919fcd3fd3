"""The half of Dagster that every pipeline shares. No pipeline is named here."""
