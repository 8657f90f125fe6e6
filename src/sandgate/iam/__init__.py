"""IAM, without AWS: policy documents, their evaluation with reasons, and what a call needs."""
