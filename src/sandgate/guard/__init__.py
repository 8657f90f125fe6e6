"""What may pass the gate: the sandbox policy, and a decision for every call."""
