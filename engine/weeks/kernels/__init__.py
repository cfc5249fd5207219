"""Kernels that choose days and carers; called by this room alone."""
