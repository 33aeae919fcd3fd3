"""The packaged real year: where its file is and which days it holds. `PROVENANCE.md` says whence.

Reads nothing: the file is read like any other file of records.
"""

from datetime import date
from importlib.resources import files
from pathlib import Path

SAMPLE_FIRST_DAY = date(2022, 1, 1)
SAMPLE_LAST_DAY = date(2022, 12, 31)


def sample_file() -> Path:
    """The Parquet file with every crash of 2022: 103,886 records in the API's raw form.

    The package is installed as plain files, so the path is the file itself and may be kept.
    """
    return Path(str(files(__name__) / "nyc_2022.parquet"))
