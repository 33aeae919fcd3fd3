"""Predictions that were asked for: written down, brought to the lake, held against outcomes."""
