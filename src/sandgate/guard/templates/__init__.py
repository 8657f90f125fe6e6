"""What a stack's template would make, before the call that deploys it passes; pure functions over a parsed template.

`read_template` reads the bytes, `examine` finds what the stack would hold, `check` holds that against one sandbox:

1. The name of every member is inside. Names that CloudFormation makes up are, when they begin with the stack's.
2. Whatever else a member names (role, queue, bucket, key, layer, network, …) is inside, a member of the same stack, or
   one of AWS's own. Any text that is an ARN counts, and plain names under the keys of `references.json`.
3. Nothing escapes by permission. What a role may do stays on resources inside or of the stack; it may not administer
   identities; policies of AWS come from a list; nobody outside the account is let in.
4. What is not known before the stack exists is refused wherever it could be one of these: imports, macros, values
   of custom resources, conditions that readers of a template decide differently (both ways must pass).
5. Parts that lie in S3 (nested templates, definitions) are given to `examine`, which says what it lacks in
   `Examined.needed`. A nested template is a stack of its own, whose outputs and parameters keep what is known of them.

A value of a member counts as inside because the member is looked at itself. Environment variables, tags and
descriptions are free: they give access to nothing. `DeletionPolicy` is told (`Member.kept`), not refused.
"""
