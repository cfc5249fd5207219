"""Planning over one to four weeks: days for visits, faces for clients, then every day's routes."""

__all__: list[str] = []
