"""From a template file to a stack in one call: what the command, the fixture and the configuration share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sandgate.stacks.bucket import ArtifactBucket
from sandgate.stacks.build import BuildTarget
from sandgate.stacks.deploy import DEFAULT_CAPABILITIES, DEFAULT_TIMEOUT, check_name, deploy
from sandgate.stacks.model import Clients, Notice, Progress, Stack, silent
from sandgate.stacks.package import package
from sandgate.stacks.parameters import check_parameters
from sandgate.stacks.references import check_references
from sandgate.stacks.template import load_template

__all__ = ["up"]


def up(  # noqa: PLR0913 - a template, where its parts go, and who is told
    clients: Clients,
    path: Path | str,
    *,
    name: str,
    bucket: ArtifactBucket,
    cache_dir: Path,
    target: BuildTarget,
    boundary: str = "",
    parameters: Mapping[str, str] | None = None,
    capabilities: Sequence[str] = DEFAULT_CAPABILITIES,
    tags: Mapping[str, str] | None = None,
    progress: Progress = silent,
    notice: Notice = silent,
    timeout: float = DEFAULT_TIMEOUT,
) -> Stack:
    """Check, package and deploy a template; what is wrong with it shows before anything is uploaded.

    Args:
        clients: gives clients by service name.
        path: the template file.
        name: of the stack.
        bucket: for packages and large templates; made when it is first needed.
        cache_dir: keeps zips and installed requirements between runs.
        target: where functions will run.
        boundary: ARN of the permissions boundary of roles and users that name none; empty for none.
        parameters: values by name.
        capabilities: what the template may do.
        tags: of the stack.
        progress: told of each stack event.
        notice: told what is packed, installed, uploaded and left out.
        timeout: seconds for the deployment.

    Raises:
        StackError: the template is wrong, a resource failed, or time is up.
        EnvironmentFault: the cache cannot be written, or there is no pip.
    """
    check_name(name)
    template = load_template(path)
    check_parameters(template, parameters or {})
    check_references(template)
    packaged = package(
        template, root=template.folder, upload=bucket, cache_dir=cache_dir, target=target, region=bucket.region,
        boundary=boundary, progress=notice,
    )  # fmt: skip
    return deploy(
        clients,
        name=name,
        template=packaged,
        parameters=parameters,
        capabilities=capabilities,
        tags=tags,
        upload=bucket,
        progress=progress,
        timeout=timeout,
    )
