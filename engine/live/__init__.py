"""The running day: events in, the smallest change out, alarms answered at once."""

__all__: list[str] = []
