"""What a run tells a person at the terminal: one line for each table and each broken promise."""

import logging

import dagster as dg
from dagster import DagsterEvent


class ProgressHandler(logging.Handler):
    """Prints a line for each table written and each check failed; the event log keeps the rest."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record's line, if it is worth one."""
        meta = getattr(record, "dagster_meta", None) or {}
        event = meta.get("dagster_event")
        line = _line(event) if isinstance(event, DagsterEvent) else None
        if line and line not in self._said:
            self._said.add(line)
            print(line, flush=True)


def _line(event: DagsterEvent) -> str | None:
    if event.event_type_value == "ASSET_MATERIALIZATION" and event.asset_key:
        metadata = event.step_materialization_data.materialization.metadata
        rows, window = metadata.get("rows"), metadata.get("window")
        if rows is None or window is None:
            return None
        return f"  {event.asset_key.to_user_string():38} {rows.value:>12,} rows  {window.value}"
    if event.event_type_value == "ASSET_CHECK_EVALUATION":
        evaluation = event.asset_check_evaluation_data
        if not evaluation.passed:
            table = evaluation.asset_key.to_user_string()
            return f"  ! {table}: {evaluation.check_name}: {evaluation.description}"
    return None


@dg.logger({})
def progress_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """A logger for runs started from the command line."""
    logger = logging.Logger("crash_platform.progress", logging.DEBUG)
    logger.addHandler(ProgressHandler())
    del context
    return logger
