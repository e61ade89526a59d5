"""What is not independent: questions that share pictures, and units that share questions."""

from collections.abc import Sequence

from g2u.digests import sha256


def linked(groups: Sequence[Sequence[str]]) -> list[str]:
    """Of each group, the name of all that it hangs together with: groups that share a member, or
    share one with a group that does, are not independent.

    Args:
        groups: at least a member each: the pictures of a question, the clusters of a unit.
    """
    towards: dict[str, str] = {}

    def root(member: str) -> str:
        while towards.setdefault(member, member) != member:
            towards[member] = member = towards[towards[member]]
        return member

    for group in groups:
        for member in group:
            towards[root(member)] = root(group[0])
    together: dict[str, list[str]] = {}
    for member in towards:
        together.setdefault(root(member), []).append(member)
    names = {top: sha256(sorted(members))[:16] for top, members in together.items()}
    return [names[root(group[0])] for group in groups]
