"""Road crashes of New York City: from the official records to daily gold tables."""
