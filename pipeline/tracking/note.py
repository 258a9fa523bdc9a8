"""The description of an experiment: how to read it, for who opens MLflow without the README."""

from pipeline.tracking import views


def text(experiment: str, experiment_id: str) -> str:
    """Markdown for the experiment's page."""
    return f"""\
Attention mechanisms on the `{experiment}` corpus: one run per variant and seed, one `comparison` run per repro.

- [Table of runs, best first]({views.link(experiment_id, "table")})
- [Charts of every run]({views.link(experiment_id, "charts")})
- [Charts grouped by variant, with a band over seeds]({views.link(experiment_id, "charts by variant")})
- [Tables of all runs side by side, such as the most attended words]({views.link(experiment_id, "top words")})

Entropies are in nats; `attention/entropy_normalised_mean` is divided by log length (1: uniform, 0: one word).
`attention/*` is measured on validation reviews at every epoch, `test/*` once on the test reviews.

- One variant: filter `params.variant = "attention"`. One repro: filter ``tags.`pipeline.repro_id` = "..."``.
- The comparison, with its report: filter ``tags.`pipeline.role` = "comparison"``.
- Two runs in detail: tick them and press Compare.
"""
