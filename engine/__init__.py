"""Care: problems become routing models, results become plans that are checked and explained."""

__all__: list[str] = []
