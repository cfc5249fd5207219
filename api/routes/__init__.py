"""The addresses of the service, one file a subject."""

__all__: list[str] = []
