"""Runs the benchmark programs and compares what they say."""
