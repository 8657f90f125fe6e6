"""A stand-in for AWS: an emulator behind a front that answers under the real host names and believes nobody.

None of the product's code judges here: signatures are recomputed by botocore's own signer, hosts and scopes follow from
botocore's own endpoint rules.
"""
