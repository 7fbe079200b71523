"""The built-in tables, and the rows that are trained and tested on."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdistill.command import tables
from skdistill.command.run import main
from skdistill.evaluation import make_noisy_table

from .running import METHODS, methods, mixed_table, refusal, run, two_columns


def test_built_in_tables_show_every_method_and_one_sentence_each(three_folds, capsys):
    out = run(capsys, "--rows", "300", "--trees", "5")
    digits, noisy = out.split("Simulated noisy table")
    for text in (digits, noisy):
        assert methods(text) == METHODS
        assert text.count("Of the distilled students") == 1
    assert "210 rows to train and 90 to test, 64 features, 10 classes" in digits
    assert "excess" not in digits
    assert "Bayes risk 0.4" in noisy
    assert "excess" in noisy


def test_the_seed_draws_the_simulated_rows_and_the_next_one_those_of_the_test():
    one, again, next_one = (tables.simulated(300, seed) for seed in (3, 3, 4))
    assert_array_equal(one.X_train, again.X_train)
    assert_array_equal(one.y_train, again.y_train)
    assert_array_equal(one.X_test[:10], make_noisy_table(10_000, random_state=4)[0][:10])
    assert not np.isin(one.X_train[:, 0], next_one.X_train[:, 0]).any()
    assert len(tables.simulated(None, 0).y_train) == 2_000


def test_rows_without_a_label_are_left_out_and_counted(reading_only, capsys, write):
    path = write(mixed_table(missing_target=20))
    out = run(capsys, path, "--target", "target", "--trees", "5")
    assert "Left out 20 rows whose 'target' is missing." in out
    assert "98 rows to train and 42 to test" in out


def test_rows_are_drawn_at_random(reading_only, capsys, write):
    path = write(mixed_table())
    out = run(capsys, path, "--target", "target", "--trees", "5", "--rows", "100")
    assert "70 rows to train and 30 to test" in out


def test_a_real_table_of_letters(three_folds, capsys, data_folder):
    path = str(data_folder / "letter.csv.gz")
    out = run(capsys, path, "--target", "target", "--trees", "10", "--rows", "1000")
    assert "26 classes" in out


def test_row_numbers_are_known_where_rows_are_left_out(reading_only, capsys, write):
    labels = ["" if row in (3, 4, 17) else "ab"[row % 2] for row in range(120)]
    lines = [f"{100 + row},{row % 7},{label}" for row, label in enumerate(labels)]
    path = write("\n".join(["id,x,y", *lines]))
    assert "'id' (row numbers)" in run(capsys, path, "--target", "y", "--trees", "5")


def test_a_real_table_of_text_and_numbers(three_folds, capsys, data_folder):
    path = str(data_folder / "adult.csv.gz")
    out = run(capsys, path, "--target", "target", "--trees", "10", "--rows", "500")
    assert "14 features, 2 classes" in out


@pytest.mark.parametrize("cells", [[""], ["inf", ""], ["NA", "1e39"]])
def test_no_column_with_a_value(capsys, write, cells):
    assert main([write(two_columns(cells, "ab")), "--target", "y"]) == 2
    assert "No column beside 'y' has a value" in capsys.readouterr().err


def test_a_table_of_the_target_alone(capsys, write):
    assert "no column beside" in refusal(capsys, write("a\n1\n2"), "--target", "a")
