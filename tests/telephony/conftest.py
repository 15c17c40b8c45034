"""A real Asterisk needs root and half a gigabyte, so these tests run by `make test-telephony` alone: they are not
collected unless PISHKHAN_TELEPHONY is set."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("PISHKHAN_TELEPHONY") else ["test_*.py"]
