"""Results as tables, pictures and reports; internal."""
