"""What benchmarks need of skdistill beyond its public interface: the one place that knows where."""

# ruff: noqa: F401
from skdistill._utils.numeric import as_numeric
from skdistill.evaluation.diagnosis import Difference, advise
from skdistill.evaluation.measure.costs import pickled_size, prediction_time
from skdistill.evaluation.measure.scores import log_losses, onehot, reliability
from skdistill.evaluation.methods import tune_on_labels
from skdistill.sources.overfit import (
    MAX_UNEXPLAINED,
    MIN_SHARE,
    MIN_SLOPE,
    in_sample_evidence,
    overfit_share,
)
from skdistill.students.shrinkage import can_shrink, grown_trees, shrinkage_for_bags
from skdistill.targets.losses import floor_proba
