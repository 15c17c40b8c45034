"""`python -m bench`: whole turns over real HTTP, ours beside a bare handler and beside aiogram, in one run."""
