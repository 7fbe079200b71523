"""A student as a file, and the proof that it is the same."""
