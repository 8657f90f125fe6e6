"""Condition operators of IAM: one file per family, discovered; adding a family edits no other file."""
