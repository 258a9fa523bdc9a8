import io

import numpy as np
import pandas as pd
import pytest
from evaluation_results import VARIANTS, metrics, timing
from rich.console import Console

from pipeline.evaluation.comparison import compare, duration, headline, print_comparison, to_markdown


@pytest.fixture
def frame() -> pd.DataFrame:
    return compare([metrics(name) for name in reversed(VARIANTS)], [timing()] * len(VARIANTS), VARIANTS)


def test_rows_follow_params(frame: pd.DataFrame) -> None:
    assert list(frame["variant"]) == list(VARIANTS)
    assert list(frame.columns[:8]) == [
        *("variant", "family", "parent", "seeds", "accuracy_mean", "accuracy_std", "accuracy_low", "accuracy_high")
    ]
    assert (frame.loc[0, "train_seconds"], frame.loc[0, "epochs"]) == (90.0, 18)


def test_without_attention_the_entropy_cells_are_empty(frame: pd.DataFrame) -> None:
    tfidf = frame.set_index("variant").loc["tfidf"]
    assert np.isnan(tfidf["entropy_nats_mean"])
    assert frame.to_csv(index=False).splitlines()[-1].startswith("tfidf,TF-IDF,,3,0.9,")
    assert frame.loc[frame["parent"].notna(), ["variant", "parent"]].to_numpy().tolist() == [
        ["attention_entropy", "attention"]
    ]


def test_a_table_of_models_without_attention_alone() -> None:
    frame = compare([metrics("tfidf")], [timing()], {"tfidf": VARIANTS["tfidf"]})
    assert frame["entropy_nats_mean"].isna().all()
    assert "no attention" in to_markdown(frame)


@pytest.mark.parametrize("measured", [["mean"], ["mean", "attention", "stale"]])
def test_results_of_other_variants_are_refused(measured: list[str]) -> None:
    variants = {name: VARIANTS[name] for name in ("mean", "attention")}
    results = [{**metrics("mean"), "variant": name} for name in measured]
    with pytest.raises(ValueError, match=r"do not name the same variants \((attention|stale)\): run `dvc repro`"):
        compare(results, [timing()] * len(results), variants)


def test_markdown_marks_the_best_and_says_what_has_no_attention(frame: pd.DataFrame) -> None:
    lines = to_markdown(frame, confidence=0.9).splitlines()
    assert lines[0].startswith("| variant | accuracy (%) | 90% interval | entropy (nats) |")
    assert lines[2] == "| mean | 75.0 ± 0.2 | [74.6, 75.4] | 5.00 | 100 % | 20.0 | 1,234 | 90 s |"
    assert [line for line in lines if "**" in line] == [lines[5]]
    assert "| **best** | **91.0 ± 0.2** |" in lines[5]
    assert "| no attention |  |  |" in lines[6]
    assert len({line.count("|") for line in lines}) == 1


def test_one_seed_has_no_spread() -> None:
    frame = compare([metrics("mean", seeds=1)], [timing()], {"mean": {}})
    assert "| **mean** | **75.0** | **[74.6, 75.4]** |" in to_markdown(frame)


def test_the_terminal_table_fits_eighty_columns() -> None:
    variants = {"attention_text_query_value_entropy": VARIANTS["attention"], "tfidf": VARIANTS["tfidf"]}
    results = [{**metrics("attention"), "variant": "attention_text_query_value_entropy"}, metrics("tfidf")]
    out = io.StringIO()
    print_comparison(compare(results, [timing()] * 2, variants), console=Console(file=out, width=80))
    text = out.getvalue()
    assert "attention_text_query_value_entropy" in text
    assert "82.0 ± 0.2" in text
    assert "[81.6, 82.4]" in text
    assert "…" not in text


def test_the_headline_names_the_winner_and_the_next(frame: pd.DataFrame) -> None:
    expected = "Most accurate: best, right on 91.0 % of the test reviews [90.6, 91.4]; then tfidf, 90.0 %."
    assert headline(frame) == expected
    assert headline(frame.head(1)) == "Most accurate: mean, right on 75.0 % of the test reviews [74.6, 75.4]."


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.0, "0 s"), (0.034, "0.034 s"), (3, "3 s"), (90, "90 s"), (210, "3.5 min"), (5400, "90 min"), (7200, "2 h")],
)
def test_durations_have_the_unit_that_reads_best(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected
