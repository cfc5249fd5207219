"""Compiled kernels of the search; nobody outside ``solvers.search`` calls them."""
