"""CloudFormation templates as text: what `stacks` deploys and `guard` examines are read the same way."""
