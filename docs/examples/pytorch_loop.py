"""
A training loop in PyTorch
==========================

A network that is trained by a loop of one's own needs targets, and a loss that
takes them. :func:`~skdistill.distillation_targets` makes the targets; the loss is
two lines.

This script needs PyTorch, which is large, so it does not run when the site is
built. What it printed is copied below.
"""

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.model_selection import train_test_split
from torch import nn

from skdistill import distillation_targets, teacher_probabilities
from skdistill.evaluation import make_noisy_table

torch.set_num_threads(1)

# %%
# The loss
# --------
# With the targets :math:`w` of ``loss="cross_entropy"`` at temperature :math:`T`, a
# network with logits :math:`f` minimises the annealed cross-entropy
#
# .. math:: -\sum_k w_k \log \mathrm{softmax}(f / T)_k .
#
# The teacher's probabilities are in :math:`w`, at the same temperature. When the
# network is asked, there is no temperature: its probabilities are softmax(f).
#
# A correction can make targets negative. This loss takes them as they are,
# but has no lower bound then where a network can single out such a row. A little
# weight decay helps against that; networks on labels get the same.

TEMPERATURE = 2.0


def annealed_cross_entropy(logits, targets, temperature):
    """Return the mean loss of a batch."""
    log_proba = torch.log_softmax(logits / temperature, dim=1)
    return -(targets * log_proba).sum(dim=1).mean()


# %%
# The loop
# --------
# It is an ordinary one. On labels the targets are zeros and a one, and the
# temperature is 1.

EPOCHS = [5, 10, 20, 40]


def network(n_features, n_classes):
    """Return a network of two hidden layers."""
    return nn.Sequential(
        nn.Linear(n_features, 32),
        nn.ReLU(),
        nn.Linear(32, 32),
        nn.ReLU(),
        nn.Linear(32, n_classes),
    )


def train(X, targets, temperature, seed):
    """Train a network, and yield it after some of the epochs."""
    torch.manual_seed(seed)
    rows = torch.as_tensor(X, dtype=torch.float32)
    targets = torch.as_tensor(targets, dtype=torch.float32)
    net = network(rows.shape[1], targets.shape[1])
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=0.001)
    for epoch in range(1, max(EPOCHS) + 1):
        for batch in torch.randperm(len(rows)).split(64):
            loss = annealed_cross_entropy(
                net(rows[batch]), targets[batch], temperature
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch in EPOCHS:
            yield net


@torch.no_grad()
def predict_proba(net, X):
    """Return softmax(f)."""
    return torch.softmax(
        net(torch.as_tensor(X, dtype=torch.float32)), dim=1
    ).numpy()


# %%
# Two tables
# ----------
# One is simulated and noisy: even the true probabilities have a log loss of .480.
# The other, images of digits, has clean labels. The teachers are forests, asked
# out-of-bag.


def noisy_table(seed):
    """Return training rows, test rows and the true probabilities of these."""
    X, y, _ = make_noisy_table(2000, random_state=seed)
    X_test, _, truth = make_noisy_table(5000, random_state=100)
    return X, X_test, y, truth


def digits(seed):
    """Return training rows, test rows and the labels of these as probabilities."""
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(
        X / 16, y, test_size=0.5, stratify=y, random_state=seed
    )
    return X, X_test, y, np.eye(10)[y_test]


def log_loss(truth, proba):
    """Return the expected log loss."""
    return -np.mean(np.sum(truth * np.log(np.clip(proba, 1 / 500, 1)), axis=1))


def compare(draw, teacher, n_draws=3):
    """Return log losses by what was learned, a row for each draw."""
    losses = {
        name: [] for name in ["on labels", "cross-fit", "corrected", "teacher"]
    }
    for seed in range(n_draws):
        X, X_test, y, truth = draw(seed)
        taught = {
            "teacher_proba": teacher_probabilities(teacher, X, y, cv="oob"),
            "temperature": TEMPERATURE,
            "random_state": 0,
        }
        plain = distillation_targets(None, X, y, correction=None, **taught)
        corrected = distillation_targets(
            None, X, y, correction="residual", **taught
        )
        for name, targets, temperature in [
            ("on labels", np.eye(truth.shape[1])[y], 1.0),
            ("cross-fit", plain, TEMPERATURE),
            ("corrected", corrected, TEMPERATURE),
        ]:
            answers = [
                predict_proba(net, X_test)
                for net in train(X, targets, temperature, seed)
            ]
            losses[name].append([log_loss(truth, proba) for proba in answers])
        answer = teacher.fit(X, y).predict_proba(X_test)
        losses["teacher"].append([log_loss(truth, answer)])
    return losses


def show(title, losses):
    """Print means over draws."""
    print(f"{title:15} {'  '.join(f'{epoch:5}' for epoch in EPOCHS)}")
    for name, values in losses.items():
        means = np.mean(values, axis=0)
        print(f"{name:15} {'  '.join(f'{value:.3f}' for value in means)}")


on_noise = compare(
    noisy_table, RandomForestClassifier(300, min_samples_leaf=3, random_state=0)
)
show("noisy, epochs", on_noise)
on_digits = compare(
    digits, ExtraTreesClassifier(300, bootstrap=True, random_state=0)
)
show("digits, epochs", on_digits)

# %%
# It printed, with PyTorch 2.13 on one core, in half a minute:
#
# .. code-block:: text
#
#    noisy, epochs       5     10     20     40
#    on labels       0.507  0.515  0.523  0.583
#    cross-fit       0.510  0.510  0.509  0.509
#    corrected       0.504  0.503  0.505  0.503
#    teacher         0.519
#    digits, epochs      5     10     20     40
#    on labels       0.328  0.182  0.131  0.122
#    cross-fit       0.652  0.540  0.509  0.482
#    corrected       0.393  0.231  0.178  0.172
#    teacher         0.395
#
# On the noisy table the network on labels has to be stopped after a few epochs; the
# taught ones may go on. From three draws one cannot tell whether the corrected
# network (.503) is better than the one on labels that was stopped in time (.507).
# Both are better than the teacher: what a network gets here is not the forest's
# accuracy, but targets with less noise.
#
# On the digits, whose labels are clean, distillation hurts. A forest is far less
# sure there than it could be, and hands that on; the correction undoes most of it,
# not all.
