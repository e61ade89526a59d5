"""A server process that behaves as vLLM-Omni, SGLang or a hosted service does, seen from outside.

`python -m tests.models.emulator` serves; `emulated()` starts it and tells it what to be. Which file
and commit each routing follows stands beside it (`routes.py`); the model behind it is `mind.py`,
what stands between the two and lies is `lies.py`.
"""
