"""What the sub-commands of `pishkhan` do. `bot.__main__` imports each module when its command is called."""
