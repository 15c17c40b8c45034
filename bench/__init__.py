"""`python -m bench`: whole turns over real HTTP, ours beside a bare handler and three libraries, in one run."""
