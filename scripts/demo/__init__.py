"""Runs the example applications over real sockets; for ./run and for the tests."""
