"""Runs inside a Rasa 3.6 of its own (Python 3.10): `python rasa_process.py FOLDER`.

FOLDER has `train.json` ([[text, intent], …]) and `ask.json` ([text, …]); writes `answers.json` there:
{"train_seconds", "micros", "answers": [[[intent, confidence], …], …]}. Needs nothing of ours.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

CONFIG = {
    "recipe": "default.v1",
    "language": "fa",
    "pipeline": [
        {"name": "WhitespaceTokenizer"},
        {"name": "RegexFeaturizer"},
        {"name": "LexicalSyntacticFeaturizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True, "random_seed": 0},
    ],
    "policies": [],
}
"""What `rasa init` writes, without its fall-back."""


def main(folder: Path) -> None:
    import yaml
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    sentences: dict[str, list[str]] = {}
    for text, intent in json.loads((folder / "train.json").read_text("utf-8")):
        sentences.setdefault(intent, []).append(text)
    nlu = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)} for intent, texts in sentences.items()
    ]
    (folder / "nlu.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True), "utf-8")
    (folder / "config.yml").write_text(json.dumps(CONFIG), "utf-8")
    began = time.perf_counter()
    model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder / "models"))
    trained = time.perf_counter()
    agent = Agent.load(model)
    texts = json.loads((folder / "ask.json").read_text("utf-8"))

    async def parse() -> list[list[tuple[str, float]]]:
        answers = []
        for text in texts:
            said = await agent.parse_message(text)
            answers.append([(guess["name"], guess["confidence"]) for guess in said.get("intent_ranking", ())])
        return answers

    asked = time.perf_counter()
    answers = asyncio.run(parse())
    micros = 1e6 * (time.perf_counter() - asked) / max(len(texts), 1)
    told = {"train_seconds": trained - began, "micros": micros, "answers": answers}
    (folder / "answers.json").write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
