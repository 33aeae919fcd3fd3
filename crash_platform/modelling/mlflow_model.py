"""The folder that MLflow takes for an XGBoost model. It is written here, not by MLflow.

MLflow's own writer serialises the model once more, infers requirements for 16 s and loads its
agent framework; the folder itself is a documented format of four small text files.
"""

import json
import platform
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

MODEL_FILE = "model.ubj"


def write_model(folder: Path, artefact: bytes, columns: Sequence[str], now: datetime) -> None:
    """Write a native XGBoost model (UBJSON), byte for byte, as an MLflow model.

    Its signature is one float column per name and one float out: what MLflow's scoring server
    accepts and answers.
    """
    requirements = [f"{name}=={version(name)}" for name in ("mlflow", "xgboost", "pandas", "numpy")]
    build = [f"{name}=={version(name)}" for name in ("pip",)]
    texts = {
        "MLmodel": json.dumps(_description(artefact, columns, now), indent=2),
        "requirements.txt": "\n".join(requirements) + "\n",
        "python_env.yaml": json.dumps(
            {
                "python": platform.python_version(),
                "build_dependencies": build,
                "dependencies": ["-r requirements.txt"],
            },
            indent=2,
        ),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / MODEL_FILE).write_bytes(artefact)


def _description(artefact: bytes, columns: Sequence[str], now: datetime) -> dict[str, object]:
    inputs = [{"type": "float", "name": name, "required": False} for name in columns]
    return {
        "flavors": {
            "python_function": {
                "loader_module": "mlflow.xgboost",
                "data": MODEL_FILE,
                "env": {"virtualenv": "python_env.yaml"},
                "python_version": platform.python_version(),
            },
            "xgboost": {
                "data": MODEL_FILE,
                "model_class": "xgboost.core.Booster",
                "model_format": "ubj",
                "xgb_version": version("xgboost"),
            },
        },
        "mlflow_version": version("mlflow"),
        "model_size_bytes": len(artefact),
        "signature": {
            "inputs": json.dumps(inputs),
            "outputs": json.dumps([{"type": "float", "required": True}]),
            "params": None,
        },
        "utc_time_created": f"{now:%Y-%m-%d %H:%M:%S.%f}",
    }
