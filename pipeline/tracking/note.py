"""The description of an experiment: how to read it, for who opens MLflow without the README."""

from pipeline.tracking import views


def text(experiment: str, experiment_id: str) -> str:
    """Markdown for the experiment's page; MLflow shows the first line alone until one opens the rest."""
    links = " · ".join(f"[{name}]({views.link(experiment_id, name)})" for name in views.LINKS)
    return f"""\
Views: {links}

Attention mechanisms on the `{experiment}` corpus: one run per variant and seed, one `comparison` run per repro.

Entropies are in nats; `attention/entropy_normalised_mean` is divided by log length (1: uniform, 0: one word).
`attention/*` is measured on validation reviews at every epoch, `test/*` once on the test reviews.

- One variant: filter `params.variant = "attention"`. One repro: filter ``tags.`pipeline.repro_id` = "..."``.
- The comparison, with its report: filter ``tags.`pipeline.role` = "comparison"``.
- Two runs in detail: tick them and press Compare.
"""
