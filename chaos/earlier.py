"""A SQLite store as an earlier release of MLflow left it, with a run in it."""

import sqlite3
from pathlib import Path

OLDER = "c1d2e3f4a5b6"  # seven revisions of the schema before the one of MLflow 3.17
NAME = "a run of an earlier release"
RUN = "0123456789abcdef0123456789abcdef"
ROWS: dict[str, list[dict[str, object]]] = {
    "experiments": [{"experiment_id": 1, "name": "demo", "artifact_location": "mlruns/1", "lifecycle_stage": "active"}],
    "runs": [
        {
            **{"run_uuid": RUN, "name": NAME, "status": "FINISHED", "start_time": 1, "end_time": 2, "experiment_id": 1},
            **{"lifecycle_stage": "active", "source_type": "LOCAL", "artifact_uri": f"mlruns/1/{RUN}/artifacts"},
        }
    ],
    "metrics": [
        {"run_uuid": RUN, "key": "train/loss", "value": 1 / step, "timestamp": step, "step": step, "is_nan": False}
        for step in (1, 2, 3)
    ],
    "params": [{"run_uuid": RUN, "key": "variant", "value": "attention"}],
    "tags": [{"run_uuid": RUN, "key": "mlflow.runName", "value": NAME}],
}
HAD = tuple(ROWS)[1:]


def older(file: Path) -> None:
    """Makes such a store."""
    from alembic import command
    from mlflow.store.db import utils
    from mlflow.store.tracking.dbmodels.initial_models import Base
    from sqlalchemy import MetaData, create_engine

    engine = create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        config = utils._get_alembic_config(str(engine.url))
        config.attributes["connection"] = connection
        command.upgrade(config, OLDER)
    schema = MetaData()
    schema.reflect(engine)
    with engine.begin() as connection:
        for table, rows in ROWS.items():
            connection.execute(schema.tables[table].insert(), rows)
    engine.dispose()


def is_whole(file: Path) -> bool:
    """Whether the run is there as it was."""
    with sqlite3.connect(file) as store:
        store.row_factory = sqlite3.Row
        for table in HAD:
            found = [dict(row) for row in store.execute(f"SELECT * FROM {table} WHERE run_uuid = ?", (RUN,))]
            if not all(any(row.items() <= other.items() for other in found) for row in ROWS[table]):
                return False
    return True
