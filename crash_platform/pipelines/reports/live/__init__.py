"""The speed layer: live reports scored as they come, each version once, beside the landing of them.

What a report is, is said in ``reports.event``; what a model says of one, in ``injuries.answering``.
"""
