"""What a sheet of scores makes of made-up measurements."""

from skdistill.evaluation.show.columns import OF_CLASSES, Score, ScoreSheet
from skdistill.evaluation.show.sentences import describe

from .test_results import made_up


def test_scores_that_nobody_knows_are_left_out():
    known = [made_up("teacher", excess=0.25), made_up("labels")]
    assert OF_CLASSES.cells(known)["excess"] == ["0.250", ""]
    assert OF_CLASSES.columns(known)["excess_log_loss"] == [0.25, None]
    assert "excess" not in OF_CLASSES.cells(known[1:])
    assert "excess_log_loss" not in OF_CLASSES.columns(known[1:])


def test_errors_stand_beside_scores_that_have_them():
    columns = OF_CLASSES.columns([made_up("teacher", score=0.7)])
    assert list(columns)[:4] == ["score", "score_se", "log_loss", "log_loss_se"]
    assert columns["score_se"] == [0.01]
    cells = OF_CLASSES.called("roc_auc").cells([made_up("teacher", score=0.7)])
    assert cells["roc_auc"] == ["0.700 ± 0.010"]
    assert "accuracy" not in cells


def test_another_sheet_makes_other_tables_and_sentences():
    found = [made_up("teacher", size=10), made_up("in_sample", size=7), made_up("labels", size=3)]
    sheet = ScoreSheet(Score("score", "r2", "R²"), Score("size", "bytes", "number of bytes"))
    assert sheet.cells(found)["number of bytes"] == ["10.000", "7.000", "3.000"]
    assert "has the lowest number of bytes, 7.000" in describe(found, sheet=sheet)
