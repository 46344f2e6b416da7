"""Names of everything that a program numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ClaimLabel:
    """What a claim was called in the plan."""

    contract: str
    part: str
    """Part of the contract (a phase, a cohort); empty where the contract is one row."""
    line: str
    payer: int
    payee: int
    flow: int
    form: str
    rank: int = 0
    """Position in the payer's waterfall; smaller is paid first."""
    tier: int = 0
    """Order in which supports are called, from 1; 0 for what is no support."""


@dataclass(frozen=True)
class Labels:
    """Names of everything that a program numbers."""

    parties: tuple[str, ...]
    """[M] internal ones first."""
    internal: int
    claims: tuple[ClaimLabel, ...]
    """[C]"""
    rows: tuple[tuple[str, str, str], ...]
    """(kind, contract, part) of every row of every group, in the order of the groups."""
    observations: tuple[str, ...]
    """[O] names of the observations in the record."""
    published: tuple[str, ...]
    """[V] names of the published values, `contracts.<id>[/part].<value>`."""
    monthly_streams: tuple[str, ...]
    once_streams: tuple[str, ...]
    lagged: tuple[int, ...]
    """Residual claims that lie on a cycle and ask for what was left a month before."""

    def observation(self, name: str) -> int:
        """Index of an observation in the record."""
        return self.observations.index(name)
