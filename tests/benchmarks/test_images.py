"""The figure of images: its cells, its score, its page, and a tiny run where PyTorch is there."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from benchmarks.data import FOLDER_VARIABLE
from benchmarks.paper import images, images_page
from benchmarks.paper.cell import Cell
from benchmarks.paper.image_sets import NAMES
from benchmarks.paper.images import Gallery, flipped_log_loss, measure, plan
from benchmarks.paper.results import Results
from benchmarks.runner import guess_seconds

RECORD = {
    "accuracy": [0.9],
    "log_loss": [0.5],
    "log_loss_unflipped": [0.4],
    "train_accuracy": 1.0,
    "fold_accuracy": 0.8,
    "overfit_share": 0.7,
    "weights": 363,
    "seconds": 1.0,
    "cpu_seconds": 60.0,
    "settings": images.SETTINGS,
    "date": "2026-01-02",
    "torch": "2.2",
}
TINY = images.SETTINGS | {
    "folds": 2,
    "digits": {"student": 1, "epochs": 2, "batch": 128, "rate": 0.01},
}


def record(cell):
    """Return what a cell may hold: the student gets better with the teacher's width."""
    return RECORD | {"log_loss": [0.5 - 0.01 * cell.size - 0.001 * len(cell.curve)]}


@pytest.mark.parametrize("name", NAMES)
def test_quick_cells_are_cells_of_the_whole_run(name):
    whole, quick = plan(name, 1), plan(name, 1, quick=True)
    assert len(set(whole)) == len(whole)
    assert set(quick) < set(whole)
    assert guess_seconds(whole, {}, images.effort) > guess_seconds(quick, {}, images.effort) > 0


def test_log_loss_without_flips_is_the_log_loss():
    proba = np.random.default_rng(0).dirichlet(np.full(10, 3.0), size=50)
    y = np.arange(50) % 10
    proba = images.floor_proba(proba, 1 / 500)
    assert flipped_log_loss(proba, y, 0.0) == pytest.approx(log_loss(y, proba))


def test_log_loss_with_flips_is_least_for_the_probabilities_of_flipped_labels():
    y = np.arange(10)
    flips = 0.2
    truth = np.full((10, 10), flips / 9)
    truth[y, y] = 1 - flips
    entropy = -(0.8 * np.log(0.8) + 0.2 * np.log(0.2 / 9))
    assert flipped_log_loss(truth, y, flips) == pytest.approx(entropy)
    for weight in (0.9, 1.1):
        other = 0.1 + weight * (truth - 0.1)
        assert flipped_log_loss(other, y, flips) > entropy


def test_what_is_lacking_is_told_with_what_to_install(monkeypatch):
    monkeypatch.setattr(images, "find_spec", lambda name: None if name == "skorch" else name)
    assert images.why_absent("digits").endswith("installed: pip install skorch")
    monkeypatch.setattr(images, "find_spec", str)
    assert images.why_absent("digits") == ""
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    assert images.why_absent("cifar10_flipped").startswith("CIFAR-10 was not found")


@pytest.mark.parametrize("n_cells", [1, 2, 5, None])
def test_page_tells_of_whatever_has_been_measured(n_cells):
    planned = [
        c for seed in (1, 2) for name in ("digits", "digits_flipped") for c in plan(name, seed)
    ]
    results = Results({cell: record(cell) for cell in planned[:n_cells]})
    text = images_page.write(results, planned, ["cifar10"], "images.png", "Because.")
    digits = [c for c in planned[:n_cells] if c.table == "digits"]
    assert f"| digits | {len(digits)} of {2 * len(plan('digits', 1))} |" in text
    assert "Not measured here: cifar10." in text
    assert text.rstrip().endswith("Because.")


def test_differences_are_taken_split_by_split():
    cells = {
        Cell("images", "digits", 1, 4, "in_sample"): RECORD | {"log_loss": [0.50]},
        Cell("images", "digits", 2, 4, "in_sample"): RECORD | {"log_loss": [0.30]},
        Cell("images", "digits", 3, 4, "in_sample"): RECORD | {"log_loss": [9.0]},
        Cell("images", "digits", 1, 0, "labels"): RECORD | {"log_loss": [0.52]},
        Cell("images", "digits", 2, 0, "labels"): RECORD | {"log_loss": [0.33]},
    }
    found = images_page.paired(Results(cells), "digits", 4, "in_sample", "labels", "log_loss")
    np.testing.assert_allclose(found, [-0.02, -0.03])


def test_figure_draws_every_curve(tmp_path):
    pytest.importorskip("matplotlib")
    planned = [cell for seed in (1, 2) for cell in plan("digits", seed)]
    results = Results({cell: record(cell) for cell in planned})
    picture = images_page.draw(results)
    drawn = picture.axes[0].get_legend_handles_labels()[1]
    assert drawn == [title.replace("`", "") for title in images_page.TITLES.values()]
    assert images_page.write_figure(results, tmp_path) == "images.png"
    assert (tmp_path / "images.png").stat().st_size > 10_000


# ---- with PyTorch ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network():
    pytest.importorskip("torch")
    pytest.importorskip("skorch")
    from benchmarks.paper import networks

    return networks


def test_every_curve_is_measured_and_the_same_again(network, tmp_path):
    curves = [*images.ALONE, "teacher", *images.DISTILLED, "share@2", "share@2/0.09"]
    cells = [Cell("images", "digits_flipped", 0, 2 * (c not in images.ALONE), c) for c in curves]
    found = [dict(measure(cells, TINY, tmp_path / name)) for name in ("one", "other")]
    assert found[0] == found[1]
    assert list(found[0]) == cells
    losses = [values["log_loss"][0] for values in found[0].values()]
    assert len(set(losses)) == len(losses)
    assert 0 <= found[0][cells[2]]["train_accuracy"] <= 1


def test_network_learns_signed_soft_labels_as_they_are(network, tmp_path):
    import torch

    X = np.tile(np.eye(2, dtype=np.float32), (64, 8))
    soft = np.tile([[1.1, -0.1], [0.3, 0.7]], (64, 1))
    make = network.make_network
    how = {"epochs": 3, "batch": 32, "rate": 0.01}
    net = make(1, 0, shape=(1, 4, 4), n_classes=2, how=how)
    before = torch.random.get_rng_state()
    net.fit(X, soft)
    assert torch.equal(torch.random.get_rng_state(), before)
    logits = torch.tensor([[2.0, 0.0]])
    loss = net.get_loss(logits, torch.tensor([[1.1, -0.1]]))
    log_q = torch.log_softmax(logits, dim=1)[0]
    torch.testing.assert_close(loss, -1.1 * log_q[0] + 0.1 * log_q[1])
    assert net.classes_.tolist() == [0, 1]
    again = make(1, 0, shape=(1, 4, 4), n_classes=2, how=how).fit(X, soft)
    np.testing.assert_array_equal(net.predict_proba(X), again.predict_proba(X))


def test_gallery_keeps_teachers_answers(network, tmp_path, monkeypatch):
    room = Gallery("digits", 0, TINY, tmp_path)
    fits = []
    fit = network.SoftLabelNet.fit
    monkeypatch.setattr(
        network.SoftLabelNet, "fit", lambda self, X, y: fits.append(np.ndim(y)) or fit(self, X, y)
    )
    images.DISTILLED["cross_fit"](room, 2, images.Softness(1.0))
    assert fits == [1, 1, 2]  # two fold teachers and the student
    images.DISTILLED["share"](room, 2, images.Softness(1.0))
    assert fits == [1, 1, 2, 2]
