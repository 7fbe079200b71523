"""Convolutional networks of any width, as classifiers that take class labels or soft labels.

Only the figure of images needs PyTorch and skorch, and imports this file when it measures.
"""

from typing import Any, Self

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import LRScheduler
from torch import nn

SMALLEST_MAP = 4  # pixels across, before the last layer


class ConvNet(nn.Module):
    """Blocks of convolution, normalisation and pooling, twice as wide from block to block.

    Parameters
    ----------
    shape : tuple of int
        Channels, height and width of an image; rows come with all pixels in one line.
    width : int
        Filters of the first block.
    n_classes : int
        Number of outputs, which are logits.
    """

    def __init__(self, shape: tuple[int, int, int], width: int, n_classes: int) -> None:
        super().__init__()
        channels, across = shape[0], shape[1]
        layers: list[nn.Module] = [nn.Unflatten(1, shape)]
        while True:
            convolution = nn.Conv2d(channels, width, 3, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
            if across <= SMALLEST_MAP:
                break
            layers.append(nn.MaxPool2d(2))
            across, width = across // 2, 2 * width
        layers += [nn.Flatten(), nn.Linear(channels * across * across, n_classes)]
        self.layers = nn.Sequential(*layers)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (n_samples, n_classes)."""
        return self.layers(rows)


class SoftLabelNet(NeuralNetClassifier):
    """A network of skorch that learns class labels, or soft labels which may be signed.

    PyTorch's cross-entropy takes a column per class as it is. All that a distiller needs to know
    beyond skorch is `accepts_soft_labels`; what is ours besides is a seed of its own.

    Parameters
    ----------
    *args, **kwargs
        What `NeuralNetClassifier` takes.
    random_state : int, default=0
        Seeds the first weights and the order of rows, and leaves PyTorch's generator alone.
    """

    accepts_soft_labels = True

    def __init__(self, *args: Any, random_state: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray, **fit_params: Any) -> Self:
        """Learn class codes, or soft labels of shape (n_samples, n_classes)."""
        y = np.asarray(y)
        y = y.astype(np.float32 if y.ndim == 2 else np.int64)
        with torch.random.fork_rng():
            torch.manual_seed(self.random_state)
            return super().fit(X, y, **fit_params)


def make_network(
    width: int, seed: int, *, shape: tuple[int, int, int], n_classes: int, how: dict[str, Any]
) -> SoftLabelNet:
    """Return a network that has learned nothing; `how` it will is `epochs`, `batch` and `rate`."""
    return SoftLabelNet(
        ConvNet,
        module__shape=shape,
        module__width=width,
        module__n_classes=n_classes,
        # Soft labels do not name the classes, and a fold may miss one.
        classes=list(range(n_classes)),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=how["rate"],
        max_epochs=how["epochs"],
        batch_size=how["batch"],
        iterator_train__shuffle=True,
        # skorch holds a fifth of the rows out otherwise, which nothing would be done with.
        train_split=None,
        callbacks=[("rate", LRScheduler("CosineAnnealingLR", T_max=how["epochs"]))],
        device="cuda" if torch.cuda.is_available() else "cpu",
        verbose=0,
        random_state=seed,
    )


def count_weights(network: SoftLabelNet) -> int:
    """Return how many numbers a network of this kind learns."""
    module = ConvNet(**network.get_params_for("module"))
    return sum(parameter.numel() for parameter in module.parameters())
