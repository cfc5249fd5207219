"""A vehicle-routing library: a model as arrays, several backends behind one door, one ruler."""

__all__ = ["builder", "errors", "evaluation", "model", "solve"]
