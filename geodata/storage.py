"""A network on disk: an uncompressed ``.npz`` of its arrays, and one text with the rest."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geodata.errors import NetworkError
from geodata.files import check_file
from geodata.profiles import PROFILES

FORMAT: Final = "careroute street network"
VERSION: Final = 2
_WITHOUT_BANS: Final = 1  # the version before turn restrictions; reads as a network that has none
_ABOUT: Final = "about"
_KINDS: Final = {
    "node_lon": "f8", "node_lat": "f8", "head_ptr": "i4", "head": "i4", "length_dm": "i4",
    "road_class": "u1", "geom_ptr": "i4", "geom_lon": "f8", "geom_lat": "f8", "street_name": "i4",
    "ban_ptr": "i4", "ban_edge": "i4", "ban_profiles": "u1", "ban_when": "i4", "ban_hours": "i4",
}  # fmt: skip


def write_columns(
    path: str | os.PathLike[str], about: dict[str, Any], arrays: dict[str, NDArray[Any]]
) -> None:
    """Write a network's arrays, and what else there is to say about it; see ``Network.save``."""
    target = Path(path)
    about = {"format": FORMAT, "version": VERSION, **about}
    text = np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), np.uint8)
    try:
        handle, draft = tempfile.mkstemp(dir=target.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                columns: dict[str, NDArray[Any]] = {_ABOUT: text, **arrays}
                np.savez(stream, allow_pickle=False, **columns)
            os.replace(draft, target)
        except BaseException:
            os.unlink(draft)
            raise
    except OSError as error:
        detail = error.strerror or str(error)
        raise NetworkError("E3103", path=target, detail=detail) from error


def read_columns(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what a ``Network`` is made from, by name; see ``Network.load``."""
    source = check_file(path)
    try:
        # numpy leaves a file that it opened itself open when the archive is damaged.
        with source.open("rb") as stream, zipfile.ZipFile(stream):
            stream.seek(0)
            stored = np.load(stream, allow_pickle=False)
            if _ABOUT not in stored:
                raise NetworkError("E3101", path=source, detail="it lacks the description")
            about = json.loads(stored[_ABOUT].tobytes())
            if not isinstance(about, dict) or about.get("format") != FORMAT:
                raise NetworkError("E3101", path=source, detail="another program's description")
            if about.get("version") not in (_WITHOUT_BANS, VERSION):
                raise NetworkError(
                    "E3102", path=source, found=about.get("version"), expected=VERSION
                )
            arrays = {key: stored[key] for key in stored.files if key != _ABOUT}
            if about["version"] == _WITHOUT_BANS:
                bans = (np.zeros(1, np.int32), np.empty(0, np.int32), np.empty(0, np.uint8))
                arrays.update(zip(("ban_ptr", "ban_edge", "ban_profiles"), bans, strict=True))
            if "ban_hours" not in arrays:  # as before there were rules by the hour
                arrays["ban_when"] = np.zeros(len(arrays["ban_profiles"]), np.int32)
                arrays["ban_hours"] = np.empty((0, 4), np.int32)
        return _assemble(about, arrays)
    except OSError as error:
        raise NetworkError("E3010", path=source, detail=error.strerror or str(error)) from error
    except (zipfile.BadZipFile, EOFError) as error:
        raise NetworkError("E3101", path=source, detail="it is no intact archive") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NetworkError("E3101", path=source, detail="parts of it do not fit") from error


def _assemble(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Put the parts together; ValueError, KeyError or TypeError when they do not fit."""
    profiles = [str(profile) for profile in about["profiles"]]
    columns = {key: arrays[key] for key in _KINDS}
    time_ms = {profile: arrays[f"time_ms.{profile}"] for profile in profiles}
    routable = {profile: arrays[f"routable.{profile}"] for profile in profiles}
    n, m = len(columns["node_lon"]), len(columns["head"])
    fits = (
        all(columns[key].dtype == np.dtype(kind) for key, kind in _KINDS.items())
        and all(columns[key].shape == (m,) for key in ("length_dm", "road_class", "street_name"))
        and columns["node_lat"].shape == (n,)
        and columns["head_ptr"].shape == (n + 1,)
        and columns["geom_ptr"].shape == (m + 1,)
        and columns["head_ptr"][-1] == m
        and columns["geom_ptr"][-1] == len(columns["geom_lon"]) == len(columns["geom_lat"])
        and m > 0
        and 0 <= columns["head"].min() <= columns["head"].max() < n
        and columns["ban_ptr"].shape == (len(columns["ban_profiles"]) + 1,)
        and columns["ban_ptr"][-1] == len(columns["ban_edge"])
        and columns["ban_when"].shape == columns["ban_profiles"].shape
        and columns["ban_hours"].ndim == 2
        and columns["ban_hours"].shape[1] == 4
        and (columns["ban_edge"] < m).all()
        and (columns["ban_edge"] >= 0).all()
        and bool(profiles)
        and set(profiles) <= set(PROFILES)
        and all(time.shape == (m,) and time.dtype == np.int32 for time in time_ms.values())
        and all(mark.shape == (n,) and mark.dtype == np.bool_ for mark in routable.values())
    )
    if not fits:
        raise ValueError("shapes")
    return {
        "name": str(about["name"]),
        **columns,
        "time_ms": time_ms,
        "routable": routable,
        "street_names": tuple(str(name) for name in about["street_names"]),
        "counts": {str(key): int(value) for key, value in about["counts"].items()},
    }
