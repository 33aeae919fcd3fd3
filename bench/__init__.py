"""Measurements the README quotes, each one command: ``python -m bench.<name>``."""
