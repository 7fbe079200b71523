"""Our distillers beside what people use, on the same splits. See __main__.py."""
