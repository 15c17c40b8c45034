"""Our desk inside a Rasa assistant: the actions that Rasa calls, and the project that it is trained from.

`pip install pishkhan[rasa]` brings rasa-sdk, which `actions`, `forms` and `server` need; `names` and `export` do not.
"""
