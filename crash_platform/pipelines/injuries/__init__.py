"""Whether a crash is likely to involve injuries: features, models, charts, promotions, scores."""
