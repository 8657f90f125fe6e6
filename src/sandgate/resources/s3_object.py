"""Objects in buckets that the run did not make, version by version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sandgate.resources._model import Create, Listing, Removal, ResourceType, Survey

__all__ = ["RESOURCE"]

_NAMES = {"Key": "Key", "Bucket": "Bucket"}
_KEY = {**_NAMES, "VersionId": "VersionId"}
_OR_NULL = "|=null"
"""What S3 calls the version of an object where versions are not, or no longer, kept."""


_CREATE = Create(
    operation="PutObject", names=_NAMES, ids={"VersionId": f"x-amz-version-id{_OR_NULL}"}, told={"Key": "Key"}
)


def _markers(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for named in (request.get("Delete") or {}).get("Objects") or ():
        if not named.get("VersionId"):
            yield {"Bucket": request.get("Bucket"), "Key": named.get("Key")}


def _named(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for named in (request.get("Delete") or {}).get("Objects") or ():
        yield {**named, "Bucket": request.get("Bucket")}


def _form(fields: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A form whose key only the server completes names no object, so that what it made is told and never removed."""
    named = "${filename}" not in str(fields.get("Key", ""))
    yield fields if named else {name: value for name, value in fields.items() if name != "Key"}


RESOURCE = ResourceType(
    name="s3-object",
    type="AWS::S3::Object",
    service="s3",
    scope="account",
    creates=(
        _CREATE,
        replace(_CREATE, operation="CopyObject"),
        replace(_CREATE, operation="CompleteMultipartUpload"),
        replace(_CREATE, operation="PostObject", many=_form),  # the upload by HTML form, which no model has
        # Where versions are kept, a delete without one makes a marker.
        replace(_CREATE, operation="DeleteObject", when=("VersionId", ("",)), only=("Enabled", "Suspended")),
        replace(
            _CREATE,
            operation="DeleteObjects",
            many=_markers,
            each=("Deleted", {"Key": "Key", "VersionId": "DeleteMarkerVersionId"}),
            only=("Enabled", "Suspended"),
        ),
    ),
    removal=Removal(
        operation="DeleteObject",
        parameters=_KEY,
        key={"VersionId": f"VersionId{_OR_NULL}"},
        absent=("NoSuchKey", "NoSuchVersion", "NoSuchBucket"),
        also=("DeleteObjects",),
        many={"DeleteObjects": _named},
        partly={"DeleteObjects": ""},  # of a marker, and if it is to be quiet, it does not say which version has gone
    ),
    listing=Listing(
        operation="ListObjectVersions",
        entries="Versions|DeleteMarkers",
        key=_KEY,
        within={"Bucket": "Bucket"},
        narrow={"Prefix": "Key"},
        over=Listing(operation="ListBuckets", entries="Buckets", key={"Bucket": "Name"}),
        created="LastModified",
    ),
    look=Listing(
        operation="HeadObject",
        entries="@",
        key={"Key": "", "Bucket": "", "VersionId": ""},
        within=_KEY,
        absent=("404", "NoSuchKey", "NoSuchVersion", "NoSuchBucket"),
        present=("405", "MethodNotAllowed"),  # a delete marker
        elided=("VersionId", "null", ("400",)),  # moto's server, in buckets that have never kept versions
    ),
    survey=Survey(
        operation="GetBucketVersioning",
        parameters={"Bucket": "Bucket"},
        shows="Status",
        new=("Enabled",),
        changed_by=("PutBucketVersioning",),
    ),
    actions=("s3:DeleteObjectVersion", "s3:GetObjectVersion"),
    within="s3-bucket",
    container={"Bucket": "Bucket"},
)
