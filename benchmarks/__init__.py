"""Measurements: public instances, comparisons with other engines, pytest-benchmark suites."""
