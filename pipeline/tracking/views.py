"""Saved views of an experiment, written as the MLflow UI writes them when one presses Share.

The format is internal to MLflow (tried with 3.17): the page's state as deflated JSON in an experiment tag. The state
is incomplete on purpose, MLflow fills in its defaults. When a view cannot be written, runs are tracked all the same.
"""

import base64
import json
import sys
import zlib
from collections.abc import Mapping

from mlflow import MlflowClient
from mlflow.entities import Experiment

from pipeline.printable import cause
from pipeline.tracking.run import CURRENT, SWEEP, VARIANT

RUNS = "runs"
GROUPS = "groups"
FOCUS = "focus"
SWEPT = "sweep"

_TAG = "mlflow.sharedViewState."
_BEST_FIRST = {
    "orderByKey": "metrics.`test/accuracy`",
    "orderByAsc": False,
}
_WEIGHT = "params.`training.entropy_weight`"
_WIDTHS = {  # of columns, in pixels: a window of 1500 has room for the first five
    "params.`variant`": 230,
    "params.`seed`": 70,
    "metrics.`test/accuracy`": 115,
    "metrics.`test/entropy_nats`": 140,
    "metrics.`test/entropy_normalised`": 180,
    "metrics.`test/f1`": 100,
    "metrics.`test/roc_auc`": 110,
    "metrics.`test/log_loss`": 110,
    "metrics.`validation/accuracy`": 150,
    "attributes.`Dataset`": 200,
}
_COLUMNS = list(_WIDTHS)
_SWEPT_COLUMNS = [_WEIGHT, *(column for column in _COLUMNS if column.startswith(("params", "metrics.`test")))]
_QUANTILES = [f"attention/entropy_p{percent}" for percent in ("05", "25", "50", "75", "95")]
_PICTURE = "entropy_histogram"
_CHANCE = 0.5  # accuracy of a guess between two classes
_GROUPED_BY_VARIANT = {
    "aggregateFunction": "average",
    "groupByKeys": [{"mode": "param", "groupByData": "variant"}],
}


def save(client: MlflowClient, experiment: Experiment) -> None:
    """Write the saved views, where they are not there as they should be; where one is refused, that costs a warning.

    Raises:
        Exception: the store does not answer at all, as MLflow says it.
    """
    try:
        worse = f"{filter_of(GROUPS)} and metrics.`validation/accuracy` < {_CHANCE}"
        is_worse = bool(client.search_runs([experiment.experiment_id], worse, max_results=1))
        epoch = _last_common_epoch(client, experiment.experiment_id)
        for key, state in states(0.0 if is_worse else _CHANCE, epoch).items():
            value = encode(state)
            if experiment.tags.get(_TAG + key) != value:
                client.set_experiment_tag(experiment.experiment_id, _TAG + key, value)
    except Exception as error:
        client.get_experiment(experiment.experiment_id)  # a store that is away is for the caller to warn of, once
        print(f"warning: the saved views of MLflow were not written: {cause(error)}", file=sys.stderr, flush=True)


def encode(state: Mapping[str, object]) -> str:
    """A page state as MLflow stores it."""
    return "deflate;" + base64.b64encode(zlib.compress(json.dumps(state).encode())).decode()


def states(lowest: float = _CHANCE, epoch: int = 1) -> dict[str, dict[str, object]]:
    """The page states by key.

    Single runs in the colour of their variant, runs grouped by variant, one run of each variant that has learned where
    to look, the most focused first, and the sweep.

    Args:
        lowest: Where the accuracy of the groups begins: their bands would else begin all axes at 0.
        epoch: At which the pictures of the attention's entropy open.
    """
    charts = [
        _bar("results", "test/accuracy"),
        _scatter("results", "test/entropy_normalised", "test/accuracy"),
        _bar("results", "test/entropy_nats"),
        _lines("learning", "validation/accuracy"),
        _lines("learning", "train/loss"),
        _lines("learning", "validation/loss"),
        _lines("attention", "attention/entropy_mean"),
        _lines("attention", "attention/entropy_normalised_mean"),
        _lines("attention", *_QUANTILES),
        _histograms("attention", epoch),
        _bar("meaning", "null/accuracy_uniform"),
        _bar("meaning", "null/trained_uniform"),
        _bar("meaning", "explanation/comprehensiveness_attention"),
        _scatter("meaning", "explanation/tau_gradient", "explanation/comprehensiveness_attention"),
        *(_bar("attention", metric) | {"deleted": True} for metric in _QUANTILES[1:]),  # else MLflow adds them
    ]
    page = {
        **_BEST_FIRST,
        "searchFilter": filter_of(RUNS),
        "selectedColumns": _COLUMNS,
        "columnOrder": _COLUMNS,
        "columnWidths": _WIDTHS,
        "runsHiddenMode": "SHOW_ALL",
        "isAccordionReordered": True,  # else MLflow sorts the sections by name
        "compareRunSections": [_section(name) for name in ("results", "learning", "attention", "meaning")],
        "compareRunCharts": charts,
    }
    changed: dict[str, dict[str, object]] = {
        "LINE validation/accuracy": {"range": {"yMin": lowest, "yMax": 1.0}},  # MLflow heeds both or none
        f"LINE {_QUANTILES[0]}": {"deleted": True},  # five lines a variant are too many
        f"IMAGE {_PICTURE}": {"deleted": True},  # a group has no picture: the card would be empty
    }
    groups = {
        **page,
        "groupBy": _GROUPED_BY_VARIANT,
        "compareRunCharts": [chart | changed.get(str(chart["uuid"]), {}) for chart in charts],
    }
    sweep = {
        **page,
        "searchFilter": filter_of(SWEPT),
        "selectedColumns": _SWEPT_COLUMNS,
        "columnOrder": _SWEPT_COLUMNS,
        "columnWidths": {_WEIGHT: 190, **_WIDTHS},
        "compareRunSections": [_section(SWEPT, columns=1, height=420), _section("trade-offs", columns=2)],
        "compareRunCharts": [
            _parallel(SWEPT, ["training.entropy_weight", "variant"], ["test/entropy_nats", "test/accuracy"]),
            _scatter("trade-offs", "test/entropy_nats", "test/accuracy"),
            _scatter("trade-offs", "test/entropy_nats", "explanation/comprehensiveness_attention"),
        ],
    }
    focus = {
        **page,
        "orderByKey": "metrics.`test/entropy_normalised`",
        "orderByAsc": True,
        "searchFilter": filter_of(FOCUS),
        "compareRunSections": [_section(FOCUS, columns=1, height=620)],
        "compareRunCharts": [_histograms(FOCUS, epoch)],
    }
    return {RUNS: page, GROUPS: groups, FOCUS: focus, SWEPT: sweep}


def current(role: str) -> str:
    """The filter of the runs of params.yaml as it last was."""
    return f"tags.`pipeline.role` = '{role}' and tags.`{CURRENT}` = 'yes'"


def filter_of(key: str) -> str:
    """The filter of a view."""
    one_of_each = " and params.query != 'none' and tags.`mlflow.loggedImages` = 'True'" if key == FOCUS else ""
    return current(SWEEP if key == SWEPT else VARIANT) + one_of_each


def _last_common_epoch(client: MlflowClient, experiment_id: str) -> int:
    """The last of which all runs that have pictures have one: MLflow shows the pictures of one epoch."""
    found = client.search_runs([experiment_id], filter_of(FOCUS))
    histories = [client.get_metric_history(run.info.run_id, "attention/entropy_mean") for run in found]
    return min((max((metric.step for metric in one), default=1) for one in histories), default=1)


def _section(name: str, columns: int = 3, height: int = 360) -> dict[str, object]:
    """A heading and its cards.

    Args:
        name: of both.
        columns: cards side by side.
        height: of a card, in pixels.
    """
    size = {"columns": columns, "cardHeight": height}
    shown = {"display": True, "isReordered": True, "deleted": False, "isGenerated": False}
    return {"uuid": name, "name": name, **size, **shown}


def _card(section: str, kind: str, name: str, fields: Mapping[str, object]) -> dict[str, object]:
    fixed = {"uuid": f"{kind} {name}", "type": kind, "metricSectionId": section, "runsCountToCompare": 100}
    return {**fixed, "deleted": False, "isGenerated": False, **fields}


def _bar(section: str, metric: str) -> dict[str, object]:
    return _card(section, "BAR", metric, {"metricKey": metric})


def _scatter(section: str, x: str, y: str) -> dict[str, object]:
    axes = {"xaxis": {"key": x, "type": "METRIC"}, "yaxis": {"key": y, "type": "METRIC"}}
    return _card(section, "SCATTER", y, axes)


def _histograms(section: str, epoch: int) -> dict[str, object]:
    # A run's params would make each picture as wide as the page.
    fields = {"imageKeys": [_PICTURE], "step": epoch, "showRunParams": False}
    return _card(section, "IMAGE", _PICTURE, fields)


def _parallel(section: str, params: list[str], metrics: list[str]) -> dict[str, object]:
    fields = {"selectedParams": params, "selectedMetrics": metrics, "showAllRuns": True}
    return _card(section, "PARALLEL", "parallel", fields)


def _lines(section: str, *metrics: str) -> dict[str, object]:
    scales = {"xAxisKey": "step", "xAxisScaleType": "linear", "scaleType": "linear", "yAxisKey": "metric"}
    fields = {"metricKey": metrics[0], "selectedMetricKeys": metrics, "lineSmoothness": 0, "range": {}, **scales}
    return _card(section, "LINE", metrics[0], fields)
