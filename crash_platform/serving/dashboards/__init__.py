"""Dashboards over gold and what is known of its making: figures, their filters, their downloads."""
