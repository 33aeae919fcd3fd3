"""Every knob of the platform, its default and its environment variable. No client is made here.

Secrets are read from the environment as ``SecretStr`` and never written back anywhere.
"""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from crash_platform.errors import PlatformError

FIRST_DAY = date(2012, 7, 1)
"""The calendar's first day, when NYPD's collision records start; shared by every daily asset."""


class SettingsError(PlatformError):
    """A setting has a value that cannot be used."""


def checkout() -> Path:
    """The checkout this package runs from, or the current folder for an installed package."""
    root = Path(__file__).resolve().parents[1]
    return root if (root / "dagster.yaml").is_file() else Path.cwd()


class Settings(BaseSettings):
    """The platform's settings, each read from ``CRASH_PLATFORM_<NAME>``."""

    model_config = SettingsConfigDict(
        env_prefix="CRASH_PLATFORM_", env_ignore_empty=True, extra="ignore"
    )

    home: Path = Field(
        default_factory=lambda: checkout() / ".crash_platform",
        description="Folder of all local state: lake, Dagster's storage, reports.",
    )
    lake: str = Field(
        default="",
        description="Root of the tables: a folder or an abfss:// address; default <home>/lake.",
    )
    engine: Literal["duckdb", "spark"] = Field(
        default="duckdb", description="What runs the SQL texts."
    )
    source: Literal["sample", "nyc", "landed"] = Field(
        default="sample",
        description="Where bronze takes crash records from: the packaged year, NYC Open Data, or "
        "only what has been landed already.",
    )
    socrata_url: str = Field(
        default="https://data.cityofnewyork.us", description="Base address of the Socrata portal."
    )
    socrata_dataset: str = Field(default="h9gi-nx95", description="Dataset id on the portal.")
    socrata_app_token: SecretStr | None = Field(
        default=None, description="Application token, sent only as a header."
    )
    socrata_page_size: int = Field(
        default=50_000, ge=1, le=50_000, description="Records per request."
    )
    azure_emulator: bool = Field(
        default=False,
        description="The abfss:// lake is Azurite (its address: AZURITE_BLOB_STORAGE_URL).",
    )
    azure_account_key: SecretStr | None = Field(
        default=None, description="Storage account key; without it Entra ID is used."
    )
    azure_sas_token: SecretStr | None = Field(
        default=None, description="Shared access signature; without it Entra ID is used."
    )
    duckdb_memory_limit: str = Field(
        default="1GB", description="What DuckDB may hold before it spills to disk."
    )
    mlflow_tracking_uri: SecretStr | None = Field(
        default=None,
        description="MLflow's server or database (may hold a password); default: a SQLite file "
        "in <home>/mlflow.",
    )

    model_months_first_report: int = Field(
        default=24, ge=1, description="Months of crashes the first-report model is fitted on."
    )
    model_months_full_report: int = Field(
        default=12, ge=1, description="Months of crashes the full-report model is fitted on."
    )
    model_recall: float = Field(
        default=0.80,
        gt=0,
        lt=1,
        description="Share of the injury crashes that the model's threshold should find.",
    )

    hub: Literal["local", "event_hubs", "kafka"] = Field(
        default="local",
        description="What carries live events: the hub of this machine (`crash-platform hub`), "
        "Azure Event Hubs, or Kafka.",
    )
    hub_port: int = Field(default=5673, ge=1, le=65535, description="Port of the local hub.")
    hub_connection: SecretStr | None = Field(
        default=None,
        description="Connection string of an Event Hubs namespace; without it Entra ID is used.",
    )
    hub_namespace: str = Field(
        default="", description="Event Hubs namespace for Entra ID: <name>.servicebus.windows.net."
    )
    kafka_servers: str = Field(
        default="",
        description="Kafka's bootstrap servers, host:port,...; with a hub_connection instead, the "
        "Kafka endpoint of that Event Hubs namespace is used.",
    )
    kafka_options: SecretStr | None = Field(
        default=None,
        description="More client options for Kafka as a JSON object, e.g. its sign-in.",
    )
    crash_hub: str = Field(
        default="crash-reports", description="Hub or topic of the crash reports."
    )
    weather_hub: str = Field(
        default="weather-readings", description="Hub or topic of the weather readings."
    )
    hub_consumer_group: str = Field(
        default="$Default", description="Consumer group that lands events in bronze."
    )
    live_consumer_group: str = Field(
        default="live", description="Consumer group of `crash-platform stream`."
    )
    landing_limit: int = Field(
        default=20_000, ge=1, description="Events of one partition that one landing takes, at most."
    )

    entra_tenant: str = Field(
        default="", description="Entra tenant whose tokens the prediction API takes."
    )
    entra_audience: str = Field(
        default="", description="Application id that such tokens have to be meant for."
    )
    requests_per_minute: int = Field(
        default=600, ge=1, description="Requests of one key (or open client) in a minute."
    )

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @property
    def lake_root(self) -> str:
        """The lake's root as an absolute folder or an ``abfss://`` address."""
        if "://" in self.lake:
            return self.lake.rstrip("/")
        return (
            str(Path(self.lake).expanduser().absolute()) if self.lake else str(self.home / "lake")
        )

    @property
    def hub_folder(self) -> Path:
        """Folder of the local hub's log."""
        return self.home / "hub"

    @property
    def reports(self) -> Path:
        """Folder of the reports people open."""
        return self.home / "reports"

    @property
    def dagster_home(self) -> Path:
        """Folder of Dagster's own state."""
        return self.home / "dagster"

    @property
    def mlflow_folder(self) -> Path:
        """Folder of MLflow's database and artefacts where no server is named."""
        return self.home / "mlflow"


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: a variable holds a value that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        problem = error.errors(include_input=False)[0]
        name = "CRASH_PLATFORM_" + "_".join(str(part) for part in problem["loc"]).upper()
        raise SettingsError(f"The setting {name} cannot be used: {problem['msg']}.") from None
