"""Scores and costs of one classifier or regressor.

Public is `neg_log_loss_floored`, as `skdistill.evaluation` exports it; the rest may move.
"""
