"""Care: problems become routing models, routing results become plans that are checked and explained."""

__all__: list[str] = []
