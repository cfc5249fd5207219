"""The words of the care domain: frozen, validated entities, and the faults an input can have."""

__all__: list[str] = []
