"""How good understanding is, on anybody's data: intents from Rasa NLU files, questions and answers from JSON Lines.

Nothing of the test side is seen in training. Training and the mean of an answer are CPU time, so that a busy machine
tells the same; the median and the slowest of a hundred answers are by the clock on the wall.
"""
