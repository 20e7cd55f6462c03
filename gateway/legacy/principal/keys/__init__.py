"""Principals of type `apiKey` (mapping-principals 2.7).

One whose secret a client chose is an account of the new server that stands for it and has one key of the new server; `exchange.memory.keys` knows
which, and what the chosen secrets are checked against. A key that was made elsewhere is a credential of somebody's account (`elsewhere`).
"""
