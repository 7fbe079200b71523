"""The command as a whole, whatever the table."""

import pytest

from skdistill.command import run as command
from skdistill.command.run import main
from skdistill.evaluation.show.results import Comparison

from ..evaluation.show.test_results import made_up
from ..odd_tables import odd_table
from .running import in_a_shell, refusal, two_columns


@pytest.mark.parametrize(
    ("error", "said"),
    [(RuntimeError("two\nlines"), "RuntimeError: two lines"), (ValueError("as it is"), "as it is")],
)
def test_what_cannot_be_learned_is_told(monkeypatch, capsys, write, error, said):
    def compare(*_, **__):
        raise error

    monkeypatch.setattr(command, "compare_students", compare)
    message = refusal(capsys, write(two_columns("123", "ab")), "--target", "y")
    assert message == f"skdistill: table.csv cannot be learned: {said}\n"


def test_a_target_without_a_table(capsys):
    assert "name of a table" in refusal(capsys, "--target", "target")


@pytest.mark.parametrize("seed", range(150))
def test_odd_tables_are_compared_or_refused_in_one_line(monkeypatch, capsys, tmp_path, seed):
    def compare(_, __, X, y, *, y_test, **___):
        classes.update(y.tolist(), y_test.tolist())
        return Comparison([made_up("teacher"), made_up("labels")], {})

    classes = set()
    monkeypatch.setattr(command, "compare_students", compare)
    table = odd_table(seed, tmp_path / "tables")
    code = main(table.argv)
    shown, message = capsys.readouterr()
    if code == 0:
        assert "--rows" in table.argv or table.n_classes in (None, len(classes)), table.what
    else:
        assert code == 2
    assert message.count("\n") == (code == 2), table.what
    assert (shown + message).replace("\n", "").replace("\u200d", "").isprintable(), table.what


@pytest.mark.parametrize("name", ["none.zip", "none.csv.zst"])
def test_a_process_refuses_in_one_line(tmp_path, write, name):
    write(two_columns("123", "ab"), name)
    done = in_a_shell(f"{name} --target y --quiet", tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
