"""What a stack's template would make, before the call that deploys it passes; pure functions over a parsed template."""
