"""Rasa's DIET classifier, trained and asked by a Rasa that lives apart: RASA_PYTHON, or .cache/rasa."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.process import ROOT
from bench.understanding.peers import Answer, Scored
from bench.understanding.sets import Missing
from bot.nlu.evaluation.files import Labelled
from bot.nlu.normalise import normalise

PATIENCE = 1800.0  # seconds for one training and its questions


def python() -> Path:
    """The Python that has a Rasa. Raises Missing."""
    found = Path(os.environ.get("RASA_PYTHON") or ROOT / ".cache" / "rasa" / "bin" / "python")
    if not found.exists():
        raise Missing("no Rasa is at hand: `make test-rasa` installs one, or RASA_PYTHON names its Python")
    return found


def diet(train: Sequence[Labelled]) -> Answer:
    """Rasa 3.6: DIET, 100 epochs, with the pipeline that `rasa init` writes; on texts normalised by us."""

    def answer(texts: Sequence[str]) -> list[Scored]:
        with tempfile.TemporaryDirectory(prefix="pishkhan-rasa-") as name:
            folder = Path(name)
            taught = [(normalise(text), label) for text, label in train]
            (folder / "train.json").write_text(json.dumps([t for t in taught if t[0]]), "utf-8")
            (folder / "ask.json").write_text(json.dumps([normalise(text) for text in texts]), "utf-8")
            script = Path(__file__).with_name("rasa_process.py")
            quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "RASA_TELEMETRY_ENABLED": "false", "LOG_LEVEL": "ERROR"}
            done = subprocess.run(
                [python(), script, folder],
                cwd=folder,
                env={**os.environ, **quiet},
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
            if done.returncode:
                raise RuntimeError(f"Rasa failed:\n{done.stderr[-2000:]}")
            told = json.loads((folder / "answers.json").read_text("utf-8"))
        return [[(label, score) for label, score in scored] for scored in told["answers"]]

    return answer
