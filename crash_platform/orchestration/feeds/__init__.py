"""From a stream to assets: bronze landed by a sensor, silver and quarantine from bronze.

Everything that streams of any pipeline have in common; what their events mean is said there.
"""
