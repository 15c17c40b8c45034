"""The telephone: the same replies spoken, the same answers by keys and recordings."""
