"""A planned day lived through many times with bad luck, to see which policy serves people best."""

__all__: list[str] = []
