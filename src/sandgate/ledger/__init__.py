"""What a run made: written down before it is made, and until it is proven gone."""
