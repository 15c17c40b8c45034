"""`python -m bench understanding`: how well it understands, on open data and on our own content, beside its peers.

All in the same run, on the same splits. Writes docs/evaluation.md.
"""
