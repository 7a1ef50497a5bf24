"""Trained heads as a folder: new each time, whole or not there, and never in another one's place."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from safetensors.numpy import save

from classifiers import text
from classifiers.heads import FORMAT, LABELS, WEIGHTS, described
from classifiers.training.own.figures import Report
from classifiers.training.own.folds import FOLDS, SEED
from classifiers.training.own.training import Fitted

REPORT = "report.json"
NAME = "types-"  # and a number, one more than the highest there is


def write(fitted: Fitted, out: Path, now: datetime) -> Path:
    """Write the heads to a new folder under `out`, which is made if need be; return it.

    A folder that is there is never written to. A kill leaves at most a folder that begins with a dot.

    Raises:
        OSError: it cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{NAME}", dir=out))
    try:
        _fill(part, fitted, now)
        return _in_place(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)  # nothing is there any more once it has its name


def _fill(folder: Path, fitted: Fitted, now: datetime) -> None:
    heads = fitted.heads
    _write(folder / WEIGHTS, save({"weight": heads.weight, "bias": heads.bias}))
    calibration = asdict(heads.calibration)
    labels = {
        "format": FORMAT,
        "preparation": text.VERSION,
        "encoder": fitted.encoder,
        "types": described(fitted.types),
    }
    _write_json(folder / LABELS, labels | calibration)
    written = {"made_at": now.astimezone(UTC).isoformat(), "encoder": fitted.encoder, "preparation": text.VERSION}
    _write_json(folder / REPORT, written | _measured(fitted.report))
    for path in folder.iterdir():
        path.chmod(0o644)
    folder.chmod(0o755)  # mkdtemp's own allows nobody else, such as the user that the daemon runs as


def _measured(report: Report) -> dict[str, Any]:
    whole = asdict(report)
    for line, one in zip(whole["types"], report.types, strict=True):
        line["precision"], line["recall"], line["f1"] = (
            None if share is None else round(share, 4) for share in (one.own.precision, one.own.recall, one.own.f1)
        )
    return {"folds": FOLDS, "seed": SEED} | whole


def _write_json(path: Path, content: dict[str, Any]) -> None:
    _write(path, (json.dumps(content, indent=1) + "\n").encode())


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _in_place(part: Path, out: Path) -> Path:
    """Give the folder the next free number."""
    while True:
        taken = [int(found[1]) for path in out.iterdir() if (found := re.fullmatch(NAME + r"(\d+)", path.name))]
        target = out / f"{NAME}{max(taken, default=0) + 1}"
        try:
            return part.rename(target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise  # else a second training has taken the number meanwhile: the next one
