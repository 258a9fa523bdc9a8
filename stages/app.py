"""The command `attention`: what people ask of the project by hand."""

from stages import check_params, cli, experiments, explain

ABOUT = """Ask what is trained here by hand. Everything else is `dvc repro`; the runs are in MLflow: `make ui`.

Examples:
    attention explain "the plot is dull but the cast is superb"

    attention explain --list

    attention check params.yaml

    attention experiments best --corpus imdb
"""


def main() -> None:
    """Runs one of the commands."""
    cli.run(about=ABOUT, explain=explain.main, check=check_params.main, experiments=experiments.main)


if __name__ == "__main__":
    main()
