"""What the layer brings."""

PUNCTUATION = "!"
