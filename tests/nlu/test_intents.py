"""The intent model as behaviour: what it knows, how sure it is, and what meaning adds to words."""

from __future__ import annotations

import pickle
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu import scorer
from bot.nlu.evaluation.measures import auroc
from bot.nlu.intents import NONE, Guesses, IntentModel
from bot.nlu.normalise import tokens
from bot.nlu.regression import yes_or_no
from bot.nlu.vectors import Floats
from tests.nlu.small_content import EXAMPLES, UNRELATED

Example = tuple[list[str], str]

TAUGHT: list[Example] = [(tokens(text), intent) for intent, texts in EXAMPLES.items() for text in texts]
STRANGE: list[Example] = [(tokens(text), NONE) for text in UNRELATED]


@pytest.fixture(scope="module")
def model() -> IntentModel:
    return IntentModel.train(TAUGHT + STRANGE)


def language(labels: int, sentences: int, seed: int = 0) -> list[Example]:
    """Of made-up words: a sentence has three of its label's ten words and two of everybody's."""
    chance = random.Random(seed)
    return [
        (
            [f"{chr(97 + label) * 3}{chance.randrange(10)}x" for _ in range(3)]
            + [f"common{chance.randrange(10)}" for _ in range(2)],
            f"label {chr(97 + label)}",
        )
        for label in range(labels)
        for _ in range(sentences)
    ]


def right(model: IntentModel, examples: Sequence[Example]) -> float:
    return float(np.mean([model.guess(words)[0][0] == label for words, label in examples]))


def whole(guesses: Guesses) -> None:
    """Chances in order, each between 0 and 1, together no more than 1."""
    chances = [chance for _, chance in guesses]
    assert all(0 <= chance <= 1 for chance in chances)
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) <= 1 + 1e-5


# --- what is known --------------------------------------------------------------------------------


def test_what_was_taught_is_known(model: IntentModel) -> None:
    assert right(model, TAUGHT) == 1


def test_new_sentences_of_the_same_words_are_known() -> None:
    assert right(IntentModel.train(language(8, 10)), language(8, 20, seed=1)) > 0.95


def test_the_name_of_a_label_is_an_example_of_it() -> None:
    examples = [(["alpha"], "card_arrival"), (["beta"], "Refund_not_showing_up"), (["gamma"], "lost card")]
    guesses = IntentModel.train(examples).guess(["refund"])
    assert guesses[0][0] == "Refund_not_showing_up"


def test_how_a_sentence_begins_counts() -> None:
    questions = [([word, "is", "good"], "ask") for word in ("what", "which", "who")]
    answers = [(["good", "is", word], "tell") for word in ("what", "which", "who")]
    model = IntentModel.train([*questions, *answers])
    assert model.guess(["what", "is", "good"])[0][0] == "ask"
    assert model.guess(["good", "is", "what"])[0][0] == "tell"


@pytest.mark.parametrize("words", [[], ["zzyzx"], ["9"]])
def test_no_known_part_is_nothing(words: list[str]) -> None:
    assert IntentModel.train([(["سلام"], "greet"), (["خداحافظ"], "bye")]).guess(words) == []


@pytest.mark.parametrize("word", ["qwrtzx", "asdfgh", "wqzj"])
def test_mashed_keys_are_nothing(model: IntentModel, word: str) -> None:
    assert model.guess([word]) == []


@pytest.mark.parametrize("examples", [[], [(["only"], "one")], [(["weather"], NONE)], [([], "empty"), ([], "void")]])
def test_poor_content_still_makes_a_model(examples: list[Example]) -> None:
    model = IntentModel.train(examples)
    for words in ([], ["only"], ["weather"]):
        whole(model.guess(words))


# --- how sure it is -------------------------------------------------------------------------------


def test_confidence_is_honest() -> None:
    """Half of the sentences of a made-up language are mixed between four labels: nothing may be sure about those."""
    clear = [([f"w{label}{i}", f"x{label}"], f"l{label}") for label in range(4) for i in range(20)]
    mixed = [(["same", "words", f"n{i}"], f"l{i % 4}") for i in range(80)]
    model = IntentModel.train(clear + mixed)
    assert model.guess(["same", "words"])[0][1] < 0.5
    assert model.guess(["x2"])[0][0] == "l2"
    assert model.guess(["x2"])[0][1] > 0.6


def test_confidence_is_how_often_it_is_right() -> None:
    """Every third sentence was given to a label by chance."""
    chance = random.Random(3)
    labels = sorted({label for _, label in language(6, 1)})

    def noisy(seed: int) -> list[Example]:
        return [
            (words, chance.choice(labels) if i % 3 == 0 else label)
            for i, (words, label) in enumerate(language(6, 40, seed))
        ]

    model, asked = IntentModel.train(noisy(0)), noisy(1)
    told = float(np.mean([model.guess(words)[0][1] for words, _ in asked]))
    assert told == pytest.approx(right(model, asked), abs=0.1)


def test_labels_that_were_never_taught_get_less_confidence() -> None:
    taught, strange = language(9, 12)[: 6 * 12], language(9, 12, seed=2)[6 * 12 :]
    model = IntentModel.train(taught)
    ours = [model.guess(words)[0][1] for words, _ in language(6, 10, seed=4)]
    others = [model.guess(words)[0][1] for words, _ in strange]
    score = auroc(ours, others)
    assert score is not None
    assert score > 0.95


def test_few_labels_are_no_reason_to_be_sure() -> None:
    model = IntentModel.train([([f"{kind}{i}", kind], kind) for kind in ("house", "car") for i in range(10)])
    assert model.guess(["house"])[0][1] > 0.75
    assert model.guess(["mouse", "carpet", "flower"])[0][1] < 0.6


def test_what_is_not_a_labels_is_nones(model: IntentModel) -> None:
    for words, _ in STRANGE:
        guesses = model.guess(words)
        assert guesses[0][0] == NONE
        assert sum(chance for _, chance in guesses) == pytest.approx(1, abs=1e-4)


def test_without_evidence_the_prior_stays() -> None:
    prior = np.array([1, 0, 0], np.float32)
    nothing = np.zeros((0, 3), np.float32)
    assert np.array_equal(yes_or_no(nothing, nothing[:, 0], nothing[:, 0], prior), prior)


def test_clues_that_tell_all_do_not_run_away() -> None:
    clues = np.array([[x, 0, 1] for x in np.linspace(-40, 40, 300)], np.float32)
    weights = yes_or_no(clues, (clues[:, 0] > 0).astype(np.float32), np.ones(300, np.float32), PRIOR)
    assert np.isfinite(weights).all()
    assert 0 < weights[0] < 20


PRIOR = np.array([1, 0, 0], np.float32)


@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_words_give_chances(words: list[str]) -> None:
    for made in _models():
        whole(made.guess([word for word in words if word]))


_made: list[IntentModel] = []


def _models() -> list[IntentModel]:
    if not _made:
        _made.extend((IntentModel.train(TAUGHT + STRANGE), IntentModel.train(TAUGHT), IntentModel.train(STRANGE)))
    return _made


# --- how it is trained ----------------------------------------------------------------------------


def test_the_same_examples_give_the_same_model(model: IntentModel) -> None:
    assert pickle.dumps(IntentModel.train(TAUGHT + STRANGE)) == pickle.dumps(model)


def test_order_of_examples_hardly_matters(model: IntentModel) -> None:
    shuffled = TAUGHT + STRANGE
    random.Random(0).shuffle(shuffled)
    assert right(IntentModel.train(shuffled), TAUGHT) == 1


def test_many_examples_are_learnt_by_descent(monkeypatch: pytest.MonkeyPatch) -> None:
    taught, asked = language(6, 30), language(6, 20, seed=1)
    by_products = IntentModel.train(taught)
    monkeypatch.setattr(scorer, "KERNEL_LIMIT", 10)
    by_descent = IntentModel.train(taught)
    assert not np.allclose(by_products.by_words.weights, by_descent.by_words.weights)
    for made in (by_products, by_descent):
        assert right(made, asked) > 0.95
        whole(made.guess(asked[0][0]))


def test_there_are_two_ways_of_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for better in (0, 100):
        monkeypatch.setattr(scorer, "BETTER", better)
        made.append(IntentModel.train([*language(6, 20), *((words, "label a") for words, _ in language(6, 2))]))
        assert right(made[-1], language(6, 20, seed=1)) > 0.95
    assert not np.allclose(made[0].by_words.weights, made[1].by_words.weights)


def test_a_model_is_sent_and_kept_cheaply(model: IntentModel) -> None:
    kept = pickle.dumps(model)
    assert len(kept) < 2_000_000
    assert pickle.loads(kept).guess(["سلام"]) == model.guess(["سلام"])


# --- what meaning adds ----------------------------------------------------------------------------

MEANINGS = {"house": 0, "home": 0, "building": 0, "car": 1, "auto": 1, "vehicle": 1, "rain": 2, "snow": 2, "storm": 2}


def encode(texts: Sequence[str]) -> Floats:
    """Words of one kind lie in one direction; all texts lie a good way in a common one, as with real encoders."""
    vectors = np.zeros((len(texts), 5), np.float32)
    vectors[:, 4] = 2
    for row, text in zip(vectors, texts, strict=True):
        for word in text.split():
            row[MEANINGS.get(word, 3)] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


KINDS: list[Example] = [(["house", "a"], "x1"), (["home", "b"], "x1"), (["car", "a"], "x2"), (["auto", "b"], "x2")]


@pytest.mark.parametrize("limit", [2500, 3])
def test_words_that_were_never_seen_are_known_by_their_meaning(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(scorer, "KERNEL_LIMIT", limit)
    model = IntentModel.train(KINDS * 5, encode)
    for word, label in (("building", "x1"), ("vehicle", "x2")):
        guesses = model.guess([word], encode([word])[0])
        assert guesses[0][0] == label
        whole(guesses)


def test_without_a_vector_words_alone_answer() -> None:
    both, words = IntentModel.train(KINDS, encode), IntentModel.train(KINDS)
    assert both.guess(["house"]) == words.guess(["house"])
    assert both.guess(["qwrtzx"]) == []


def test_a_vector_is_no_use_to_a_model_of_words() -> None:
    words = IntentModel.train(KINDS)
    assert words.guess(["house"], encode(["house"])[0]) == words.guess(["house"])


def test_an_encoder_is_asked_once_for_all() -> None:
    asked: list[list[str]] = []

    def counted(texts: Sequence[str]) -> Floats:
        asked.append(list(texts))
        return encode(texts)

    IntentModel.train(KINDS, counted)
    assert asked == [["house a", "home b", "car a", "auto b", "x 1", "x 2"]]
