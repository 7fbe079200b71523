"""CIFAR-10 is read as its authors publish it, and labels are flipped as often as was said."""

import io
import pickle
import tarfile
from typing import ClassVar

import numpy as np
import pytest

from benchmarks.data import FOLDER_VARIABLE
from benchmarks.paper import image_sets
from benchmarks.paper.image_sets import (
    CIFAR_ARCHIVE,
    CIFAR_FOLDER,
    TEST_BATCH,
    TRAIN_BATCHES,
    ImagesNotFoundError,
    find_cifar,
    flip,
    load_images,
    read_cifar,
)

N_PIXELS = 3 * 32 * 32


class Python2Pickler(pickle._Pickler):
    """Writes what Python 2 and the NumPy of its days wrote: strings without an encoding."""

    def save_string(self, text):
        raw = text if isinstance(text, bytes) else text.encode("latin1")
        self.write(pickle.BINSTRING + len(raw).to_bytes(4, "little") + raw)

    dispatch: ClassVar = {**pickle._Pickler.dispatch, bytes: save_string, str: save_string}


def published(content):
    """Return the bytes of a file of CIFAR-10."""
    file = io.BytesIO()
    Python2Pickler(file, protocol=2).dump(content)
    return file.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


@pytest.fixture
def batches():
    """Return small batches by name; test images are of one colour."""
    rng = np.random.default_rng(0)
    found = {
        name: {
            "batch_label": f"training batch {k} of 5",
            "labels": [(k + j) % 10 for j in range(4)],
            "data": rng.integers(0, 256, size=(4, N_PIXELS), dtype=np.uint8),
            "filenames": [f"frog_{j}.png" for j in range(4)],
        }
        for k, name in enumerate(TRAIN_BATCHES)
    }
    colours = np.repeat(np.array([[255, 0, 7]], dtype=np.uint8), 1024, axis=1)
    found[TEST_BATCH] = {"labels": [3, 8], "data": np.vstack([colours, colours])}
    return found


@pytest.fixture
def folder(tmp_path, batches):
    folder = tmp_path / CIFAR_FOLDER
    folder.mkdir()
    for name, content in batches.items():
        (folder / name).write_bytes(published(content))
    return folder


@pytest.fixture
def archive(tmp_path, folder):
    path = tmp_path / "elsewhere" / CIFAR_ARCHIVE
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as file:
        file.add(folder, arcname=CIFAR_FOLDER)
    return path


def test_cifar_is_read_in_the_order_of_its_batches_and_scaled_by_channel(folder, batches):
    images = read_cifar(folder)
    raw = np.concatenate([batches[name]["data"] for name in TRAIN_BATCHES])
    by_channel = raw.reshape(20, 3, 1024)
    mean, deviation = by_channel.mean(axis=(0, 2)), by_channel.std(axis=(0, 2))
    assert images.X.dtype == np.float32
    assert images.y.tolist() == [(k + j) % 10 for k in range(5) for j in range(4)]
    scaled = images.X.reshape(20, 3, 1024)
    back = scaled * deviation[:, None] + mean[:, None]
    np.testing.assert_allclose(back, by_channel, atol=1e-3)
    # Rows are red, then green, then blue; test images are scaled by the training images.
    test = images.X_test.reshape(2, *images.shape)
    expected = (np.array([255, 0, 7]) - mean) / deviation
    np.testing.assert_allclose(test[0, :, 5, 9], expected, rtol=1e-5)
    assert images.y_test.tolist() == [3, 8]


def test_archive_holds_what_the_folder_holds(folder, archive):
    for one, other in zip(read_cifar(folder), read_cifar(archive), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_cifar_is_found_in_the_folder_of_tables(kind, folder, archive, monkeypatch):
    expected = {"folder": folder, "archive": archive}[kind]
    monkeypatch.setenv(FOLDER_VARIABLE, str(expected.parent))
    assert find_cifar() == expected


def test_cifar_is_read_from_the_folder_of_tables(folder, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder.parent))
    images = load_images("cifar10", 0, flips=0.5)
    assert images.X.shape == (20, N_PIXELS)


def test_absent_cifar_is_told_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(ImagesNotFoundError, match=rf"none in {tmp_path}.*SKDISTILL_DATA"):
        find_cifar()
    monkeypatch.delenv(FOLDER_VARIABLE)
    with pytest.raises(ImagesNotFoundError, match="SKDISTILL_DATA is not set"):
        find_cifar()


def test_folder_without_a_batch_is_refused(folder):
    (folder / "data_batch_4").unlink()
    with pytest.raises(ImagesNotFoundError, match="lacks data_batch_4"):
        read_cifar(folder)


def test_file_that_would_run_code_is_refused(folder):
    (folder / TEST_BATCH).write_bytes(pickle.dumps(pytest.raises, protocol=2))
    with pytest.raises(pickle.UnpicklingError, match="no file of CIFAR-10"):
        read_cifar(folder)


def test_flips_move_the_share_that_was_asked_for_to_all_other_classes():
    y = np.repeat(np.arange(10), 2_000)
    flipped = flip(y, 0.2, np.random.default_rng(0))
    moved = flipped != y
    # 20,000 draws: a standard error of .0028.
    assert moved.mean() == pytest.approx(0.2, abs=4 * 0.0028)
    steps = np.bincount((flipped - y)[moved] % 10, minlength=10)
    assert steps[0] == 0
    expected = moved.sum() / 9
    assert np.abs(steps[1:] - expected).max() < 4 * np.sqrt(expected)
    np.testing.assert_array_equal(flip(y, 0.0, np.random.default_rng(0)), y)


def test_digits_differ_by_seed_and_flips_touch_training_labels_only():
    clean = load_images("digits", 1, flips=0.2)
    flipped = load_images("digits" + image_sets.FLIPPED, 1, flips=0.2)
    np.testing.assert_array_equal(clean.X, flipped.X)
    np.testing.assert_array_equal(clean.y_test, flipped.y_test)
    assert 0.1 < (clean.y != flipped.y).mean() < 0.3
    assert not np.array_equal(clean.X, load_images("digits", 2, flips=0.2).X)
    assert clean.X.shape[1] == np.prod(clean.shape)
