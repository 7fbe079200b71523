"""A student as a file."""
