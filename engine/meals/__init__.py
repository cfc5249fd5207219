"""Meals: from central kitchens through meal points to every door, planned as one."""

__all__ = ["plan"]
