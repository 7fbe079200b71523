"""Results as tables, pictures and reports.

Public are `Comparison` and `DistillationCurveDisplay`, as `skdistill.evaluation` and `skdistill`
export them; the rest is internal and may move.
"""
