"""Runs the benchmark programs and compares their results."""
