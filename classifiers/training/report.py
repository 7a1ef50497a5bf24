"""Calibrating an exported model on the posts set aside, and measuring it as it serves."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from classifiers.behaviour.suite import examine
from classifiers.calibration import FILE, neutral_calibration, read_calibration, write_calibration
from classifiers.evaluation.content import Metrics, content
from classifiers.evaluation.halves import fit_for_use
from classifiers.evaluation.report import Progress, answered, measure
from classifiers.evaluation.sample import sample_of
from classifiers.precision import Precision
from classifiers.training.data import Corpus
from classifiers.training.export import write_json
from classifiers.training.sources import is_non_commercial
from classifiers.transformer import TransformerClassifier

BEHAVIOUR = "behaviour.json"


def _silent(_done: int, _all: int) -> None:
    return


def calibrate_and_measure(folder: Path, corpus: Corpus, *, progress: Progress = _silent) -> Metrics:
    """Fit the calibration of the exported model in `folder` on the posts set aside, write it, and measure.

    Posts that fitted the calibration are judged under one fitted on the other half of them; published validation
    files and non-commercial sources fit nothing and are judged as served.
    """
    calibrate_folder(folder, corpus, progress=progress)
    classifier = TransformerClassifier(folder)
    return content(measure(classifier, corpus, fitted=read_calibration(folder), progress=progress))


def calibrate_folder(folder: Path, corpus: Corpus, *, progress: Progress = _silent) -> None:
    """Fit the calibration on the posts set aside, in exact numbers, and write it to `labels.json`.

    With it go the posts' own figures, without their texts, from which a threshold is looked up for an aim.
    """
    neutral = neutral_calibration()
    rows = [row for part in corpus.held.values() for row in part if not is_non_commercial(row)]
    with TemporaryDirectory() as scratch:  # whatever is in force in `folder` stays so until the new one is whole
        for path in folder.iterdir():
            if path.name != FILE:
                (Path(scratch) / path.name).symlink_to(path.absolute())
        write_calibration(Path(scratch), neutral)
        classifier = TransformerClassifier(Path(scratch), precision=Precision.FLOAT32)
        answers = answered(classifier, [row.text for row in rows], progress=progress)
    calibration = fit_for_use(rows, answers, neutral)
    write_calibration(folder, calibration, counts=sample_of(rows, answers, neutral, calibration).content())


def write_behaviour(folder: Path) -> None:
    """Put the behavioural tests to the model in `folder`, as it serves, and write what came of them."""
    write_json(folder / BEHAVIOUR, examine(TransformerClassifier(folder)).content())
