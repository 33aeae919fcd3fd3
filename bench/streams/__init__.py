"""What live events cost: the landing, the speed layer and the sensor, measured against a real hub.

Every part that is measured runs in a process of its own; this package only measures.
"""
