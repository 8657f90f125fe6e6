"""The identity of the tests: its documents and template, its access key, and the env file that holds it."""
