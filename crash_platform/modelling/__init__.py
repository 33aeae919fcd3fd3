"""The half of machine learning that every model shares; nothing here knows a crash or Dagster."""
