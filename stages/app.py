"""The command `attention`: what people ask of the project by hand."""

from stages import check_params, cli, explain


def main() -> None:
    """Runs one of the commands."""
    cli.run(explain=explain.main, check=check_params.main)


if __name__ == "__main__":
    main()
