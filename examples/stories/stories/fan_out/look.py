"""Fetches the pictures of a session from the bucket, and decodes each with Pillow."""

from __future__ import annotations

import io
import os
import sys

import boto3
from PIL import Image


def main(session: str) -> None:
    """Print how many pictures there are and which colour each has."""
    bucket = boto3.resource("s3").Bucket(os.environ["PICTURES_BUCKET"])
    colours = set()
    for number, found in enumerate(bucket.objects.filter(Prefix=f"{session}/"), 1):
        image = Image.open(io.BytesIO(found.get()["Body"].read()))
        image.load()
        assert (image.format, image.size) == ("PNG", (64, 16)), (found.key, image.format, image.size)
        colours.add(image.getpixel((0, 0)))
        print(f"picture {number} {found.key}")
    print(f"{len(colours)} colours")


main(sys.argv[1])
