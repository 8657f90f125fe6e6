"""Continuous integration: when it may use the real account, what it holds for that, and the files that it runs."""
