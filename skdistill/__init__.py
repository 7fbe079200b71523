"""Knowledge distillation for tabular data, with the interface of scikit-learn."""

__version__ = "0.1.0"
