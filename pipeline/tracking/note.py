"""The description of an experiment: how to read it, for who opens MLflow without the README."""

from mlflow import MlflowClient

from pipeline.tracking import links

_TAG = "mlflow.note.content"
_START = "Views: "


def write(client: MlflowClient, experiment_id: str) -> None:
    """Describe a new experiment; of a description that is there, only the line of links is brought up to date."""
    experiment = client.get_experiment(experiment_id)
    said = experiment.tags.get(_TAG, f"{_START}\n\n{_about(experiment.name)}")
    first, end, rest = said.partition("\n")  # MLflow shows the first line alone until one opens the rest
    if first.startswith(_START):
        addresses = links.to_views(experiment_id) | links.to_report(client, experiment_id)
        first = _START + " · ".join(f"[{name}]({address})" for name, address in addresses.items())
    client.set_experiment_tag(experiment_id, _TAG, first + end + rest)


def _about(corpus: str) -> str:
    return f"""\
Attention mechanisms on the `{corpus}` corpus: one run per variant and seed, one `comparison` run per repro.

Entropies are in nats; `attention/entropy_normalised_mean` is divided by log length (1: uniform, 0: one word).
`attention/*` is measured on validation reviews at every epoch, `test/*` once on the test reviews.

- One variant: filter `params.variant = "attention"`. One repro: filter ``tags.`pipeline.repro_id` = "..."``.
- The comparison, with its report: filter ``tags.`pipeline.role` = "comparison"``.
- Two runs in detail: tick them and press Compare.
"""
