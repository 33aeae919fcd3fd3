"""An event hub on this machine that the Event Hubs client takes for the service.

What the platform does with an event log is said elsewhere; nothing here knows of it.
"""

from crash_platform.streams.hub.faults import Faults
from crash_platform.streams.hub.log import HubError
from crash_platform.streams.hub.serve import run
from crash_platform.streams.hub.server import DEVELOPMENT_KEY, LocalHub

__all__ = ["DEVELOPMENT_KEY", "Faults", "HubError", "LocalHub", "run"]
