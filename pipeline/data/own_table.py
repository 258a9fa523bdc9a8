"""Columns of a CSV or Parquet file of one's own, as text, however it is packed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

PARQUET = b"PAR1"  # the first bytes of every such file
BLOCK = 1 << 24  # bytes of a CSV at once: no row may be longer
ROWS = 256  # of a Parquet file at once
NAMED, WIDEST = 20, 60  # columns in an error, and characters of each
LARGEST = 4 << 30  # bytes of what is unpacked: a few kilobytes can become terabytes in either format


def read_columns(path: Path, names: Sequence[str], separator: str) -> "pa.Table":
    """Those columns as text.

    Args:
        path: CSV in UTF-8, plain or packed as the end of its name says (.gz, .bz2, .zst), or Parquet.
        names: of the columns, each of which it must have once.
        separator: of a CSV's columns.

    Raises:
        ValueError: what is wrong with the file, in one line.
        pyarrow.ArrowException: the same, where pyarrow says it.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    with path.open("rb") as file:
        is_parquet = file.read(len(PARQUET)) == PARQUET
    parsing = csv.ParseOptions(delimiter=separator, newlines_in_values=True)
    reading = csv.ReadOptions(use_threads=False, block_size=BLOCK)  # one thread: errors name the row
    try:
        known = (
            parquet.read_schema(path).names
            if is_parquet
            else csv.open_csv(path, read_options=reading, parse_options=parsing).schema.names
        )
        for name in names:
            if known.count(name) != 1:
                has = "no column" if name not in known else "more than one column"
                raise ValueError(f"it has {has} {name!r}; its columns are {_listed(known)}")
        if is_parquet:
            with parquet.ParquetFile(path) as packed:
                _demand_room(packed, names)
                _demand_texts(packed, names)
                table = packed.read(columns=list(names))
            return pa.table({name: table.column(name).cast(pa.large_string()) for name in names})
        _demand_size(path)
        wanted = csv.ConvertOptions(include_columns=names, column_types=dict.fromkeys(names, pa.large_string()))
        return csv.read_csv(path, read_options=reading, parse_options=parsing, convert_options=wanted)
    except UnicodeDecodeError as error:
        raise ValueError(f"the names of the columns are not UTF-8: {error.reason}") from None
    except pa.ArrowInvalid as error:
        raise ValueError(f"it is not UTF-8: {error}" if "UTF8" in str(error) else error) from None


def _listed(names: Sequence[str]) -> str:
    """The first of them, and not all of a line that may be a megabyte of something else."""
    shown = [f"{name[:WIDEST]!r}{'...' * (len(name) > WIDEST)}" for name in names[:NAMED]]
    return ", ".join([*shown, f"and {len(names) - NAMED} more"] if len(names) > NAMED else shown)


def _demand_size(path: Path) -> None:
    import pyarrow as pa

    size = 0
    with pa.input_stream(path) as stream:
        while chunk := stream.read(BLOCK):
            size += len(chunk)
            _demand_less(size)


def _demand_room(packed: "ParquetFile", names: Sequence[str]) -> None:
    """A pass that unfolds one text at a time: ROWS of them, in ten kilobytes, can be more than any memory."""
    import pyarrow as pa

    size = 0
    for name in names:
        rows = ROWS if pa.types.is_dictionary(packed.schema_arrow.field(name).type) else 1
        for batch in packed.iter_batches(rows, columns=[name], use_threads=False):
            size += _size(batch.column(0))
            _demand_less(size)


def _size(column: "pa.Array") -> int:
    """Bytes of its values, each as often as it stands there; a dictionary stays folded."""
    import pyarrow as pa
    from pyarrow import compute

    if not isinstance(column, pa.DictionaryArray):
        return int(column.nbytes)
    return compute.sum(compute.binary_length(column.dictionary).take(column.indices)).as_py() or 0


def _demand_texts(packed: "ParquetFile", names: Sequence[str]) -> None:
    """Whether they are UTF-8: pyarrow believes what the file says of its encoding."""
    import pyarrow as pa

    row = 0
    for batch in packed.iter_batches(ROWS, columns=list(names)):
        for name in names:
            texts = batch.column(name).cast(pa.large_string())
            try:
                texts.validate(full=True)
            except pa.ArrowInvalid as error:
                raise ValueError(f"it is not UTF-8, column {name!r} from row {row + 1:,} on: {error}") from None
        row += len(batch)


def _demand_less(size: int) -> None:
    if size > LARGEST:
        raise ValueError(f"it unpacks to more than {LARGEST:,} bytes: no table is read that is so large")
