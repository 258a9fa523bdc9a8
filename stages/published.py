"""Numbers of the literature and ours, side by side."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.data.atomic import replacing
from pipeline.evaluation.published import beside, to_markdown
from pipeline.formats import read_results_json
from pipeline.params import load_params
from pipeline.tracking.run import fingerprint
from pipeline.tracking.tracker import Tracker
from stages import cli
from stages.runs import replica_run


def main(
    rows: Annotated[Path, typer.Option(help="Folder of our numbers, one JSON per row.")],
    table: Annotated[Path, typer.Option(help="CSV to write.")],
    page: Annotated[Path, typer.Option(help="The same in Markdown.")],
) -> None:
    """Compare every number under published in params.yaml with ours, and add both to MLflow.

    Example: python -m stages.published --rows results/published --table results/published.csv
    --page results/published.md
    """
    params = load_params("params.yaml")
    published = {name: row.model_dump() for name, row in params.published.items()}
    replicas = {name: read_results_json(rows / f"{name}.json") for name in published}
    found = beside(published, replicas)
    text = to_markdown(found)
    with replacing(table) as part:
        found.to_csv(part, index=False)
    with replacing(page) as part:
        part.write_text(text, encoding="utf-8")
    with Tracker("published") as tracker:
        for name, entry in params.published.items():
            run = tracker.publish(replica_run(name, entry, replicas[name]), fingerprint(replicas[name], text))
            for kind, numbers in (("test", "ours"), ("published", "published")):
                values = found[found["row"] == name].set_index("measure")[numbers].dropna()
                run.metrics({f"{kind}/{measure}": float(value) for measure, value in values.items()})
            run.artifact(page)
            run.finish()
    typer.echo(text)
    typer.echo(f"Made {table} and {page}")


if __name__ == "__main__":
    cli.run(main)
