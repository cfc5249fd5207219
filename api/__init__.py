"""Thin doors: HTTP and the command line, one function behind each verb."""

__all__: list[str] = []
