"""The event hub as a Dagster resource. Its credentials stay in the environment."""

import dagster as dg
from pydantic import Field

from crash_platform.settings import load_settings
from crash_platform.streams.log import EventLog
from crash_platform.streams.tables import Stream


class HubResource(dg.ConfigurableResource[EventLog]):
    """Opens the hubs of the settings."""

    # A resource without any field makes Dagster use what pydantic warns of.
    consumer_group: str = Field(
        default="", description="Reads as this group; empty: CRASH_PLATFORM_HUB_CONSUMER_GROUP."
    )

    def open(self, stream: Stream, *, hosting: bool = False) -> EventLog:
        """A stream's hub as the consumer group that lands events; close it after use.

        With ``hosting`` the local hub is served meanwhile, where nobody else does.

        Raises:
            StreamError: the settings name no hub that can be opened.
        """
        from crash_platform.streams.opening import open_log

        settings = load_settings()
        if self.consumer_group:
            settings = settings.model_copy(update={"hub_consumer_group": self.consumer_group})
        return open_log(settings, stream.hub(settings), hosting=hosting)
