"""Records from outside, as they come. Nothing here knows the lake or cleans a value."""
