"""A small tool: write a function, run it here, deploy it, see what it said, take everything away again."""
