"""What benchmarks need of skdistill beyond its public interface: the one place that knows where."""

# ruff: noqa: F401
from skdistill._utils.numeric import as_numeric
from skdistill.evaluation.advice import OF_CLASSES, OF_NUMBERS, Difference, advise
from skdistill.evaluation.measure.costs import pickled_size
from skdistill.evaluation.measure.scores import log_losses, onehot, reliability
from skdistill.evaluation.measure.times import prediction_time, time_predictions
from skdistill.evaluation.methods import tune_on_labels
from skdistill.evaluation.show.front import pareto_front
from skdistill.export.c import CompiledCode
from skdistill.export.one_row import OneRow
from skdistill.export.onnx import open_session
from skdistill.export.reading import read_program
from skdistill.export.sql import run_sql
from skdistill.outcomes import Numbers
from skdistill.selection import SHARES, parse_candidates
from skdistill.sources import transfer
from skdistill.sources.overfit import (
    MAX_UNEXPLAINED,
    MIN_SHARE,
    MIN_SLOPE,
    in_sample_evidence,
    overfit_share,
)
from skdistill.students.kinds import can_shrink, gains_from_made_rows
from skdistill.students.shrinkage import grown_trees, shrinkage_for_bags
from skdistill.students.student import Student
from skdistill.targets import Targets
from skdistill.targets.losses import floor_proba
