"""The front door Dagster opens. It puts the pipelines together and names no asset itself."""

import dagster as dg

from crash_platform.orchestration.feeds.hubs import HubResource
from crash_platform.orchestration.io_manager import DeltaIOManager
from crash_platform.orchestration.maintenance import maintenance_job, weekly_maintenance
from crash_platform.orchestration.progress import progress_logger
from crash_platform.orchestration.resources import LakeResource, engine_resources
from crash_platform.orchestration.tracking import TrackingResource
from crash_platform.pipelines.crashes.definitions import crash_definitions
from crash_platform.pipelines.injuries.definitions import injury_definitions
from crash_platform.pipelines.reports.definitions import report_definitions
from crash_platform.pipelines.served.definitions import served_definitions
from crash_platform.pipelines.tables import TABLES
from crash_platform.pipelines.weather.definitions import weather_definitions
from crash_platform.settings import Settings, load_settings


def build(settings: Settings) -> dg.Definitions:
    """The whole platform for these settings."""
    lake = LakeResource(root=settings.lake_root)
    shared = dg.Definitions(
        resources={
            "lake": lake,
            "lake_io": DeltaIOManager(TABLES, lake),
            "hubs": HubResource(),
            "tracking": TrackingResource(folder=str(settings.mlflow_folder)),
            **engine_resources(settings),
        },
        loggers={"console": dg.colored_console_logger, "progress": progress_logger},
        executor=dg.in_process_executor,
    )
    maintenance = maintenance_job(TABLES)
    upkeep = dg.Definitions(jobs=[maintenance], schedules=[weekly_maintenance(maintenance)])
    return dg.Definitions.merge(
        shared,
        upkeep,
        crash_definitions(),
        injury_definitions(),
        report_definitions(),
        served_definitions(),
        weather_definitions(),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The platform as the environment configures it."""
    return build(load_settings())
