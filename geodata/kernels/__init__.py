"""Compiled loops of this room. Nobody outside ``geodata`` calls them."""
