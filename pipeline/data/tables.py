"""Tables as files that say the number of their format: Parquet for programs alone, CSV where people look too.

Parquet has it in the metadata of its schema, CSV in a last column: pandas and spreadsheets would take a line above the
names for the names.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import formats
from pipeline.formats import TABLE, check, reading

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def write_parquet(table: "pd.DataFrame | pa.Table", path: Path) -> None:
    """Writes the table without its index."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    columns = table if isinstance(table, pa.Table) else pa.Table.from_pandas(table, preserve_index=False)
    metadata = {**(columns.schema.metadata or {}), "format": str(formats.FORMATS[TABLE])}
    write_table(columns.replace_schema_metadata(metadata), path, compression="zstd")


def check_parquet(path: Path) -> None:
    """Looks at the number alone.

    Raises:
        ValueError: it is another one, or the file is damaged.
    """
    from pyarrow.parquet import read_schema

    with reading(path):
        number = (read_schema(path).metadata or {}).get(b"format", b"1").decode()
    check(TABLE, int(number) if number.isdecimal() else number, path)


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """A table that `write_parquet` wrote, or some of its columns.

    Raises:
        ValueError: it is of another format, or damaged.
    """
    import pandas as pd

    check_parquet(path)
    with reading(path):
        return pd.read_parquet(path, columns=None if columns is None else list(columns))


def write_csv(table: "pd.DataFrame", path: Path) -> None:
    """Writes the table without its index, numbers with six digits."""
    numbered = table.assign(format=formats.FORMATS[TABLE])
    numbered.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")


def read_csv(path: Path, **options: Any) -> "pd.DataFrame":
    """A table that `write_csv` wrote.

    Args:
        path: of the file.
        **options: of ``pandas.read_csv``.

    Raises:
        ValueError: it is of another format, or damaged.
    """
    import pandas as pd

    with reading(path):
        table: pd.DataFrame = pd.read_csv(path, **options)
    for number in table.pop("format").unique().tolist() if "format" in table else [1]:
        check(TABLE, number, path)
    return table
