"""Scores and costs of one classifier; internal."""
