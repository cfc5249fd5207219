"""Doors for data: native JSON, tables (CSV, XLSX), GeoJSON, a map that opens anywhere."""

__all__: list[str] = []
