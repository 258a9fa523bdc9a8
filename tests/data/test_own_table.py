"""What a table of one's own may hold, and what it may not unpack to."""

import gzip
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from pipeline.data import own_table
from pipeline.data.own_table import read_columns
from pipeline.source import ROOT


def texts(path: Path) -> list[str]:
    found: list[str] = read_columns(path, ["text"], ",").column("text").to_pylist()
    return found


def test_nul_and_control_characters_are_characters_as_any_other(tmp_path: Path) -> None:
    expected = ["good\0bad", "\x1b[2J\x07", "\u202egood\u200f"]
    (tmp_path / "mine.csv").write_text("\n".join(["text", *expected]) + "\n", encoding="utf-8")
    parquet.write_table(pa.table({"text": expected}), tmp_path / "mine.parquet")
    assert texts(tmp_path / "mine.csv") == texts(tmp_path / "mine.parquet") == expected


@pytest.mark.parametrize("content", [b"bad \xff", b"a lone surrogate \xed\xa0\x80", b"half \xc3"])
def test_what_is_no_utf8_is_refused_with_its_row(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.csv").write_bytes(b"text,label\ngood,1\n" + content + b",2\n")
    with pytest.raises(ValueError, match=r"^it is not UTF-8: .*Row #3"):
        texts(tmp_path / "mine.csv")
    plain = pa.array([b"good"] * 300 + [content], pa.binary())
    as_text = pa.Array.from_buffers(pa.string(), len(plain), plain.buffers())  # which nobody has verified
    parquet.write_table(pa.table({"text": as_text}), tmp_path / "mine.parquet")
    with pytest.raises(ValueError, match=r"^it is not UTF-8, column 'text' from row 257 on: .* index 44$"):
        texts(tmp_path / "mine.parquet")


@pytest.mark.parametrize("largest", [5 << 20, 11 << 20])
def test_a_small_file_does_not_unpack_to_more_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    monkeypatch.setattr(own_table, "LARGEST", largest)
    rows = 10
    packed, table = tmp_path / "mine.csv.gz", tmp_path / "mine.parquet"
    packed.write_bytes(gzip.compress(b"text\n" + (b"x" * (1 << 20) + b"\n") * rows))
    once = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * (1 << 20)])
    parquet.write_table(pa.table({"text": once}), table)
    for path in (packed, table):
        assert path.stat().st_size < 100_000
        if largest > rows << 20:
            assert len(texts(path)) == rows
        else:
            with pytest.raises(ValueError, match=r"^it unpacks to more than 5,242,880 bytes"):
                texts(path)


READ = """
from pathlib import Path
from pipeline.data import own_table
own_table.LARGEST = 1 << 30
own_table.read_columns(Path({!r}), ["text"], ",")
"""


@pytest.mark.parametrize("rows", ["of one text", "of a text each"])
def test_texts_that_are_too_many_are_refused_in_the_memory_of_a_few(tmp_path: Path, rows: str) -> None:
    """Unfolded side by side, those of one text would take 26 GB."""
    table, text = tmp_path / "mine.parquet", "x" * (100 << 20)
    if rows == "of one text":
        once = pa.DictionaryArray.from_arrays(pa.array([0] * 256, pa.int32()), [text])
        parquet.write_table(pa.table({"text": once}), table, compression="zstd", dictionary_pagesize_limit=1 << 30)
    else:
        schema = pa.schema([("text", pa.string())])
        with parquet.ParquetWriter(table, schema, compression="zstd", use_dictionary=False) as writer:
            for _ in range(12):
                writer.write_table(pa.table({"text": [text]}))
    assert table.stat().st_size < 200_000
    limited = f'ulimit -v {3 << 19}; exec "$@"'
    command = ["bash", "-c", limited, "bash", sys.executable, "-c", READ.format(str(table))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "ValueError: it unpacks to more than 1,073,741,824 bytes" in done.stderr, done.stderr[-500:]
