"""`python -m bench.profiled FILE MODULE ARGUMENTS…`: runs a module, and looks every millisecond of CPU what it does.

Ends as the module ends; what was seen is then written to FILE, from the second SIGUSR1 on only what came after it. The
samples are taken by a signal, so a call into C counts for the line that called it, and other threads for the main one's
line of that moment.
"""

from __future__ import annotations

import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

INTERVAL = 0.001  # seconds of CPU
DEEPEST = 120  # frames of one sample
SHOWN = 60  # rows of each table


class Samples:
    def __init__(self) -> None:
        self.taken = 0
        self.own: Counter[str] = Counter()
        self.lines: Counter[str] = Counter()
        self.within: Counter[str] = Counter()

    def clear(self, *_: object) -> None:
        self.__init__()  # type: ignore[misc]

    def take(self, _: int, frame: FrameType | None) -> None:
        self.taken += 1
        if frame is not None:
            self.own[_name(frame)] += 1
            self.lines[f"{_file(frame)}:{frame.f_lineno}"] += 1
        seen = set()
        for _ in range(DEEPEST):
            if frame is None:
                break
            seen.add(_name(frame))
            frame = frame.f_back
        self.within.update(seen)

    def table(self) -> str:
        parts = [f"{self.taken} samples, each {INTERVAL * 1e3:g} ms of CPU\n"]
        for title, counted in (("within", self.within), ("own", self.own), ("lines", self.lines)):
            parts.append(f"\n## {title}\n")
            parts += [f"{n / max(self.taken, 1):7.2%}  {name}\n" for name, n in counted.most_common(SHOWN)]
        return "".join(parts)


def _file(frame: FrameType) -> str:
    name = frame.f_code.co_filename
    return name.rpartition("/site-packages/")[2] or name


def _name(frame: FrameType) -> str:
    return f"{_file(frame)}:{frame.f_code.co_firstlineno} {frame.f_code.co_qualname}"


def main() -> None:
    out, module = Path(sys.argv[1]), sys.argv[2]
    sys.argv = [module, *sys.argv[3:]]
    samples = Samples()
    signal.signal(signal.SIGUSR1, samples.clear)
    signal.signal(signal.SIGPROF, samples.take)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        out.write_text(samples.table(), "utf-8")


if __name__ == "__main__":
    main()
