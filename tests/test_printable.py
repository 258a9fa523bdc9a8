import pytest

from pipeline.printable import without_credentials


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:p%40ss@db.example:5432/mlflow", "postgresql://***@db.example:5432/mlflow"),
        ("(now https://token@host/x), or http://host/a@b", "(now https://***@host/x), or http://host/a@b"),
        ("sqlite:////home/me@work/mlflow.db", "sqlite:////home/me@work/mlflow.db"),
        ("/a/folder", "/a/folder"),
    ],
)
def test_no_password_of_an_address_is_shown(text: str, shown: str) -> None:
    assert without_credentials(text) == shown
