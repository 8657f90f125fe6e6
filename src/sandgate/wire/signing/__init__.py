"""Signatures of requests: read, verified with the run key, made anew with the real one."""
