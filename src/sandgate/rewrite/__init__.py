"""The one registry of rewritten members: minted credentials and addresses that a client calls back."""
