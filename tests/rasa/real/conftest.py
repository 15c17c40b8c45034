"""A real Rasa needs Python 3.10, two gigabytes and minutes, so these tests run by `make test-rasa` alone: they are not
collected unless PISHKHAN_RASA is set."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("PISHKHAN_RASA") else ["test_*.py"]
