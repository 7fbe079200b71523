"""What benchmarks need of skdistill beyond its public interface: the one place that knows where."""

# ruff: noqa: F401
from skdistill._numeric import as_numeric
from skdistill.evaluation.costs import pickled_size, prediction_time
from skdistill.evaluation.diagnosis import Difference, advise
from skdistill.evaluation.methods import tune_on_labels
from skdistill.evaluation.scores import log_losses, onehot, reliability
from skdistill.losses import floor_proba
from skdistill.overfit import (
    MAX_UNEXPLAINED,
    MIN_SHARE,
    MIN_SLOPE,
    in_sample_evidence,
    overfit_share,
)
