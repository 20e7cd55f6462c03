"""PATCH of one principal (legacy-rest-api 3.5, mapping-principals 3.5).

A request is a list of steps. Each is judged in its turn (`run`), against what is stored; a fold per group of fields gathers what the steps of
these fields come to (`mail`, `membership`, `members`, `rights`, `plain`); the folds put it into one plan (`plan`), which is then written (`write`):
the principal itself as one entry of one `/set`, other objects behind it.
"""

from gateway.legacy.principal.patch.run import patch_principal

__all__ = ["patch_principal"]
