"""The table of `make chaos`: a trial renews its own rows and leaves those of the others."""

import pytest

from chaos.__main__ import BEGIN, END, line, renewed


def test_a_trial_takes_the_place_of_its_rows_and_no_others() -> None:
    page = f"# Trust\n\n{BEGIN}\n{END}\n\nMore.\n"
    for name, held in (("killed", "all"), ("outages", "most"), ("killed", "29 of 30")):
        page = renewed(page, name, [line(name, "SIGKILL", 30, held)])
    rows = [row for row in page.splitlines() if row.startswith("|")]
    assert rows[2:] == ["| killed | SIGKILL | 30 | 29 of 30 |", "| outages | SIGKILL | 30 | most |"]
    assert page.startswith("# Trust\n")
    assert page.endswith("\nMore.\n")


def test_a_page_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="must hold"):
        renewed("# Trust\n", "killed", [])
