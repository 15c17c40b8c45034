"""`pishkhan rasa export DIR`: a project that Rasa 3.6 can be trained from, made of the organisation's own content.

Questions of the knowledge base become examples of one intent, `ask_faq`, and no retrieval intents: Rasa's response
selector always chooses some answer, knows no “I don't know”, and would keep a second copy of each answer in one
language. So Rasa tells a question from a wish, and the desk's own retrieval, which is calibrated, answers it.
The same content gives the same files.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from bot.core.catalogue import Catalogue, FaqEntry
from bot.core.text import fold
from bot.dialogs.registry import Dialogs
from bot.rasa import names

VERSION = "3.1"
MARK = "# Written by `pishkhan rasa export`; it is written anew by the next export."
PHRASINGS = 3  # of one FAQ entry in one language; more of them would only outweigh the other intents

PIPELINE: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},  # takes half-spaces as spaces, which is what people type for them
    {"name": "RegexFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 2, "max_ngram": 5},
    # Trains in a minute where DIETClassifier takes many, and on so few examples DIET is no better.
    {"name": "LogisticRegressionClassifier", "max_iter": 300, "tol": 0.001, "random_state": 1},
    {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.05},
]
POLICIES: list[dict[str, Any]] = [
    {"name": "RulePolicy", "core_fallback_action_name": names.HEAR_ACTION, "core_fallback_threshold": 0.3}
]


class Foreign(Exception):
    """The folder holds something that no export has written."""


def write(dialogs: Dialogs, folder: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Write the project into the folder, which is made if need be; models and files of other names there stay.
    Raises Foreign when it is not empty and no export has written into it before, unless forced. Blocking."""
    config = folder / "config.yml"
    ours = config.is_file() and config.read_text("utf-8", "replace").startswith(MARK)
    if not (ours or force) and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Foreign(f"{folder} is not empty and no export of ours; choose another folder, or --force")
    written = []
    for name, text in files(dialogs).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        written.append(path)
    return tuple(written)


def files(dialogs: Dialogs) -> Mapping[str, str]:
    """The project: path → text."""
    return {
        "config.yml": _yaml(config(dialogs.catalogue)),
        "domain.yml": _yaml(domain(dialogs)),
        "data/nlu.yml": _yaml(nlu(dialogs.catalogue)),
        "data/rules.yml": _yaml(rules(dialogs)),
        "endpoints.yml": _yaml(ENDPOINTS),
        "credentials.yml": _yaml({"rest": None}),
        "README.md": README,
    }


ENDPOINTS = {
    "action_endpoint": {
        "url": "${PISHKHAN_ACTIONS_URL}",
        "headers": {"Authorization": "Bearer ${PISHKHAN_ACTIONS_TOKEN}"},
    }
}


def config(catalogue: Catalogue) -> dict[str, Any]:
    return {
        "recipe": "default.v1",
        "assistant_id": "pishkhan",
        "language": catalogue.languages[0],
        "pipeline": PIPELINE,
        "policies": POLICIES,
    }


# --- understanding ------------------------------------------------------------------------------


def nlu(catalogue: Catalogue) -> dict[str, Any]:
    """The content's own intents, its questions, and sentences that are none of our business; no sentence twice."""
    seen: set[str] = set()
    by_intent: dict[str, list[str]] = {}

    def add(intent: str, text: str) -> None:
        line = " ".join(text.split())
        if line and fold(line) not in seen and not line.startswith("/"):
            seen.add(fold(line))
            by_intent.setdefault(intent, []).append(line)

    for example in catalogue.examples:
        add(example.intent, example.text)
    for entry in catalogue.faq.values():
        for text in _phrasings(entry):
            add(names.FAQ, text)
    for text in catalogue.unrelated:
        add(names.OUT_OF_SCOPE, text)
    by_intent[names.COMMAND] = [f"/{names.COMMAND}", f"/{names.COMMAND} menu"]  # Rasa warns of intents without examples
    listed = [{"intent": intent, "examples": _block(texts)} for intent, texts in by_intent.items()]
    code = {"regex": "tracking_code", "examples": _block(["[0-9۰-۹٠-٩]{5}[ -]?[0-9۰-۹٠-٩]{5}"])}
    return {"version": DoubleQuotedScalarString(VERSION), "nlu": [*listed, code]}


def _phrasings(entry: FaqEntry) -> list[str]:
    return [
        text
        for language in entry.question
        for text in (entry.question[language], *entry.variants.get(language, ()))[:PHRASINGS]
    ]


def _block(texts: list[str]) -> str:
    block: str = LiteralScalarString("".join(f"- {text}\n" for text in texts))
    return block


def intents(catalogue: Catalogue) -> list[str]:
    """All of the project's, in the order of the training data."""
    found = dict.fromkeys(example.intent for example in catalogue.examples)
    if catalogue.faq:
        found[names.FAQ] = None
    if catalogue.unrelated:
        found[names.OUT_OF_SCOPE] = None
    return list(found)


# --- conversation -------------------------------------------------------------------------------


def domain(dialogs: Dialogs) -> dict[str, Any]:
    with_forms = list(names.with_forms(dialogs))
    slots: dict[str, Any] = {
        name: {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]}
        for name in (names.LANGUAGE, names.DRAFTS, names.NEXT, names.LAST_CODE)
    }
    forms: dict[str, Any] = {}
    actions = [names.HEAR_ACTION, names.FAQ_ACTION, names.COMMAND_ACTION, names.SURVEY_ACTION]
    actions += [f"action_{command}" for command in names.COMMANDS]
    for dialog in with_forms:
        form = names.form(dialog.name)
        own = [names.slot(dialog.name, step) for step in dialog.steps]
        forms[form] = {"required_slots": own}
        slots |= {slot: _asked(form, slot) for slot in own}
        actions += [names.validate(dialog.name), *(names.ask(dialog.name, s) for s in dialog.steps)]
        actions.append(names.submit(dialog.name))
    return {
        "version": DoubleQuotedScalarString(VERSION),
        "intents": [*intents(dialogs.catalogue), names.COMMAND],
        "entities": [names.COMMAND],
        "slots": slots,
        "forms": forms,
        "actions": actions,
        "session_config": {"session_expiration_time": 720, "carry_over_slots_to_new_session": True},
    }


def _asked(form: str, slot: str) -> dict[str, Any]:
    """A slot that takes the whole message while it is asked for."""
    asked = {"active_loop": form, "requested_slot": slot}
    return {
        "type": "any",
        "influence_conversation": False,
        "mappings": [{"type": "from_text", "conditions": [asked]}],
    }


def rules(dialogs: Dialogs) -> dict[str, Any]:
    """A rule for each intent, and one for the end of each form."""
    listed: list[dict[str, Any]] = [
        {"rule": f"heard: {intent}", "steps": [{"intent": intent}, {"action": _action(intent)}]}
        for intent in (*intents(dialogs.catalogue), names.COMMAND, names.FALLBACK)
    ]
    for dialog in names.with_forms(dialogs):
        form = names.form(dialog.name)
        steps = [
            {"action": form},
            {"active_loop": None},
            {"slot_was_set": [{"requested_slot": None}]},
            {"action": names.submit(dialog.name)},
        ]
        listed.append({"rule": f"over: {form}", "condition": [{"active_loop": form}], "steps": steps})
    return {"version": DoubleQuotedScalarString(VERSION), "rules": listed}


def _action(intent: str) -> str:
    own = {names.FAQ: names.FAQ_ACTION, names.COMMAND: names.COMMAND_ACTION, names.SURVEY: names.SURVEY_ACTION}
    return own.get(intent, names.HEAR_ACTION)


# --- writing ------------------------------------------------------------------------------------


def _yaml(data: Any) -> str:
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.ignore_aliases = lambda *_: True
    yaml.representer.add_representer(type(None), lambda r, _: r.represent_scalar("tag:yaml.org,2002:null", "null"))
    out = io.StringIO()
    yaml.dump(data, out)
    return f"{MARK}\n{out.getvalue()}"


README = """# The service desk as a Rasa assistant

Written by `pishkhan rasa export`. Rasa 3.6 (Python 3.8 to 3.10) understands and leads the conversation; the desk behind
it answers, checks and files. After an edit of the content: export, train and start again.

```sh
python3.10 -m venv rasa && rasa/bin/pip install 'rasa==3.6.*' 'setuptools<81'
export PISHKHAN_ACTIONS_TOKEN=$(pishkhan rasa token)
export PISHKHAN_ACTIONS_URL=http://127.0.0.1:5055/webhook
pishkhan rasa actions &                 # or the desk's own server: PISHKHAN_ACTIONS_URL=http://HOST:8080/actions/webhook
rasa/bin/rasa data validate
rasa/bin/rasa train
rasa/bin/rasa run --enable-api --auth-token SECRET
```

- `config.yml`: a pipeline that needs nothing to download and trains in a minute. Half-spaces are taken as spaces. Any
  other of Rasa's classifiers may stand in its place.
- `data/nlu.yml`: the content's own intents; its questions as `ask_faq`; unrelated sentences as `out_of_scope`.
- `domain.yml`, `data/rules.yml`: each form, each survey, the look-up of requests and the service guide are forms of
  Rasa with a slot for each step, `letter_subject`. Their questions, checks and error messages come from the desk.
- Buttons carry `/command{"command": "/track/1234567890"}`; a rule gives them to `action_command`.
- The slot `language` ("fa", "en"), or `metadata.language` of a message, chooses the language.
- A `sender_id` proves nothing. It may file, and rate what it filed; what is personal needs the tracking code and the
  last four digits of the filer's number. Forms that need documents are filed elsewhere.
- What was confirmed is filed once, even when a call is repeated or its answer is lost.

To use this model for the desk's own understanding: `RASA_URL=http://127.0.0.1:5005?token=SECRET`.
"""
