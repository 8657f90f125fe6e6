"""Resource types: one file for each."""
