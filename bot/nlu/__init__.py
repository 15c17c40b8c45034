"""Understanding what people write: normalisation, values, wishes and answers. Needs numpy, nothing to download."""

import os

# Our matrices are small, and threads on them only wait for each other: training took 1.6 s of CPU with two of them and
# 0.7 s with one. It has to be said before numpy is imported first.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
