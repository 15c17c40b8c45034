"""How good understanding is, on anybody's data: intents from Rasa NLU files, questions and answers from JSON Lines.

Nothing of the test side is seen in training. Times are wall-clock, of this machine.
"""
