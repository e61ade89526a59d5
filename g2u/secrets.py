"""Secrets of the environment, struck from every text that is kept or shown.

A variable is a secret if its name ends in KEY, TOKEN, SECRET, PASSWORD, PASSWD or CREDENTIALS, or
ends in URL and holds an address with a user's name and password.
"""

import os
import re
from functools import lru_cache

NAMED = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)
ADDRESS = re.compile(r"URL$", re.IGNORECASE)
USER = re.compile(r"//([^/?#]*)@")
SHORTEST = 6
"""Characters; what is shorter would strike ordinary words."""
STRUCK = "***"


def struck(text: str) -> str:
    """The text with `***` for each secret."""
    pattern = _pattern(frozenset(_secrets()))
    return pattern.sub(STRUCK, text) if pattern else text


def _secrets() -> list[str]:
    found = []
    for name in os.environ:
        if _tells(name):
            value = os.environ[name]
            if NAMED.search(name):
                found.append(value.strip())
            elif user := USER.search(value):
                found += [user[1], user[1].partition(":")[2]]
    return [secret for secret in found if len(secret) >= SHORTEST]


@lru_cache(maxsize=1024)
def _tells(name: str) -> bool:
    """Whether a variable of this name may hold a secret."""
    return bool(NAMED.search(name) or ADDRESS.search(name))


@lru_cache(maxsize=4)
def _pattern(secrets: frozenset[str]) -> re.Pattern[str] | None:
    """One that finds any of them, longer ones first."""
    if not secrets:
        return None
    longest = sorted(secrets, key=lambda secret: (-len(secret), secret))
    return re.compile("|".join(map(re.escape, longest)))
