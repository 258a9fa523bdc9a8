"""Runs the trials of this folder, and renews their rows in docs/trust.md: ``python -m chaos [name...]``."""

import importlib
import pkgutil
import sys
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

import chaos
from chaos.row import Row

PAGE = Path(__file__).parents[1] / "docs/trust.md"
BEGIN, END = "<!-- begin: make chaos -->", "<!-- end: make chaos -->"
HEAD = "| trial | what was tried | how often | what held |\n| --- | --- | ---: | --- |\n"


def main(names: Annotated[list[str] | None, typer.Argument(help="Trials; all of them without a name.")] = None) -> None:
    """Run trials, print their table, and put it into docs/trust.md. Rows of other trials stay as they are.

    Ends with 1 if anything did not hold: the table says what. A trial that breaks leaves its rows as they were.

    Example: python -m chaos killed outages
    """
    known = trials()
    if unknown := sorted(set(names or []) - set(known)):
        raise typer.BadParameter(f"no trial is called {', '.join(unknown)}; there are {', '.join(known)}")
    failed = []
    for name in names or known:
        print(f"{name}: {str(known[name].__doc__).splitlines()[0]}", file=sys.stderr, flush=True)
        started = time.monotonic()
        try:
            rows: list[Row] = known[name].main()
        except Exception as error:  # the other trials still run
            traceback.print_exc()
            failed.append(f"{name}: {str(error) or type(error).__name__}")
            continue
        failed += [f"{name}: {row.tried}: {row.held}" for row in rows if row.failed]
        lines = [line(name, row) for row in rows]
        print(f"{name}: {(time.monotonic() - started) / 60:.0f} min", file=sys.stderr, flush=True)
        print(HEAD + "".join(lines), flush=True)
        PAGE.write_text(renewed(PAGE.read_text("utf-8"), name, lines), "utf-8")
    for one in failed:
        print(f"did not hold: {one}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)


def trials() -> dict[str, ModuleType]:
    """The modules here that have a ``main``, which runs a trial and gives its rows."""
    modules = {found.name: importlib.import_module(f"chaos.{found.name}") for found in _others()}
    return {name: module for name, module in modules.items() if hasattr(module, "main")}


def _others() -> Iterable[pkgutil.ModuleInfo]:
    return (found for found in pkgutil.iter_modules(chaos.__path__) if found.name != "__main__")


def line(trial: str, row: Row) -> str:
    """A row of the table."""
    return f"| {trial} | {row.tried} | {row.times:,} | {row.held} |\n"


def renewed(page: str, trial: str, lines: list[str]) -> str:
    """The page with a trial's lines in the place of its lines before, or below the others.

    Raises:
        ValueError: the page has no table, or two.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"{PAGE.name} must hold {BEGIN} and {END} once each")
    before, rest = page.split(BEGIN)
    table, after = rest.split(END)
    by_trial: dict[str, list[str]] = {}
    for row in table.splitlines(keepends=True):
        if row.startswith("| ") and row not in HEAD.splitlines(keepends=True):
            by_trial.setdefault(row.split("|")[1].strip(), []).append(row)
    by_trial[trial] = lines
    rows = "".join(row for name in by_trial for row in by_trial[name])
    return f"{before}{BEGIN}\n{HEAD}{rows}{END}{after}"


if __name__ == "__main__":
    typer.run(main)
