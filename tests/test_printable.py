import pytest

from pipeline.printable import cause, without_credentials


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:p%40ss@db.example:5432/mlflow", "postgresql://***@db.example:5432/mlflow"),
        ("(now https://token@host/x), or http://host/a@b", "(now https://***@host/x), or http://host/a@b"),
        ("sqlite:////home/me@work/mlflow.db", "sqlite:////home/me@work/mlflow.db"),
        ("/a/folder", "/a/folder"),
        ("http://me:p@ss@host:80/x@y", "http://***@host:80/x@y"),
        ("https://cdn.example/gh/repo@v1/file?to=a@b", "https://cdn.example/gh/repo@v1/file?to=a@b"),
        ("mysql+pymysql://me:pa/s?s@w@db/mlflow, or so", "mysql+pymysql://***@db/mlflow, or so"),
    ],
)
def test_no_password_of_an_address_is_shown(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


@pytest.mark.parametrize(
    ("error", "said"),
    [(OSError("\x1b[1m no: http://a:b@c/d\nmore"), "\ufffd[1m no: http://***@c/d"), (ValueError(), "ValueError")],
)
def test_the_cause_is_the_first_line_fit_for_a_log(error: Exception, said: str) -> None:
    assert cause(error) == said
