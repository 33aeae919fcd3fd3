"""How the city's crash records are spelt in the files people have of them: names only, no reading.

Two traps are settled here once. The portal's export and the API swap two street columns: what the
export calls CROSS STREET NAME the API calls `off_street_name`, and OFF STREET NAME is its
`cross_street_name` (checked on 7,659 crashes that both have). And the API names the vehicles
`vehicle_type_code1`, `vehicle_type_code2`, but `vehicle_type_code_3` to `_5`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crash_platform.sources.files.dialect import Dialect

RAW_FIELDS: tuple[str, ...] = (
    "crash_date",
    "crash_time",
    "borough",
    "zip_code",
    "latitude",
    "longitude",
    "location",
    "on_street_name",
    "off_street_name",
    "cross_street_name",
    "number_of_persons_injured",
    "number_of_persons_killed",
    "number_of_pedestrians_injured",
    "number_of_pedestrians_killed",
    "number_of_cyclist_injured",
    "number_of_cyclist_killed",
    "number_of_motorist_injured",
    "number_of_motorist_killed",
    "contributing_factor_vehicle_1",
    "contributing_factor_vehicle_2",
    "contributing_factor_vehicle_3",
    "contributing_factor_vehicle_4",
    "contributing_factor_vehicle_5",
    "collision_id",
    "vehicle_type_code1",
    "vehicle_type_code2",
    "vehicle_type_code_3",
    "vehicle_type_code_4",
    "vehicle_type_code_5",
)
"""A crash as the API names it, in the API's order."""

SYSTEM_FIELDS: Mapping[str, str] = MappingProxyType(
    {":id": "source_record_id", ":updated_at": "source_updated_at"}
)
"""What the portal keeps about a record beside the record, where it was asked for."""

RECORD_FIELDS: tuple[str, ...] = (*RAW_FIELDS, *SYSTEM_FIELDS.values())
"""The fields to read from a file of crashes."""

_SWAPPED = {"cross_street_name": "off_street_name", "off_street_name": "cross_street_name"}
_IRREGULAR = {
    "vehicle_type_code_1": "vehicle_type_code1",
    "vehicle_type_code_2": "vehicle_type_code2",
}
_ID_AND_MOMENT = ("COLLISION_ID", "CRASH DATE", "CRASH TIME")

_API = {name: name for name in RAW_FIELDS} | dict(SYSTEM_FIELDS)


def _snake(field: str) -> str:
    """The export's name of an API field, in snake case."""
    regular = {api: export for export, api in (_SWAPPED | _IRREGULAR).items()}
    return regular.get(field, field)


_EXPORT_SNAKE = {_snake(field): field for field in RAW_FIELDS}
_EXPORT = {
    "COLLISION_ID" if name == "collision_id" else name.replace("_", " ").upper(): field
    for name, field in _EXPORT_SNAKE.items()
}

CRASH_DIALECTS: tuple[Dialect, ...] = (
    Dialect(
        name="the portal's CSV export",
        formats=frozenset({"csv"}),
        columns=_EXPORT,
        required=frozenset(_ID_AND_MOMENT),
        dates={"crash_date": "%m/%d/%Y"},
    ),
    Dialect(
        name="the portal's export as Parquet or JSON",
        formats=frozenset({"parquet", "json"}),
        columns=_EXPORT,
        required=frozenset(_ID_AND_MOMENT),
    ),
    Dialect(
        name="the API's records",
        formats=frozenset({"csv", "json", "parquet"}),
        columns=_API,
        required=frozenset({"collision_id", "crash_date", "crash_time"}),
    ),
    Dialect(
        name="the API's records with hour and minute apart",
        formats=frozenset({"csv", "json", "parquet"}),
        columns={name: field for name, field in _API.items() if name != "crash_time"},
        required=frozenset({"collision_id", "crash_date", "crash_hour", "crash_minute"}),
        derived={"crash_time": """"crash_hour" || ':' || lpad("crash_minute", 2, '0')"""},
    ),
    Dialect(
        # Only the export numbers its first two vehicles like the others, so a file that spells
        # them with an underscore was made from it, and its streets are the export's.
        name="the portal's export with names in snake case",
        formats=frozenset({"csv", "json", "parquet"}),
        columns=_EXPORT_SNAKE,
        required=frozenset({"collision_id", "crash_date", "crash_time", "vehicle_type_code_1"}),
    ),
)
"""Every form of the crash file seen in public."""
