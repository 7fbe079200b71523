"""The paper's tables and figures, reproduced beside ours: see `__main__.py`."""
