"use strict";

const {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} = require("@aws-sdk/client-s3");

const PATIENCE = 120_000;
const absent = (error) => error.$metadata?.httpStatusCode === 404;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Wait until `look` says true. What it throws ends the wait: the SDK's own waiters take a missing permission for "not yet". */
async function until(look) {
  const deadline = Date.now() + PATIENCE;
  for (let wait = 100; !(await look()); wait = Math.min(2 * wait, 5000)) {
    if (Date.now() > deadline) throw new Error(`it has not come to be in ${PATIENCE / 1000} seconds`);
    await pause(wait);
  }
}

/**
 * A helper for one account and region.
 *
 * @param {{REGION: string, KEY: string, SECRET: string, TOKEN?: string, ENDPOINT?: string, PATH_STYLE?: boolean}} config
 *   ENDPOINT is where an emulator listens; without it the SDK knows where to go. PATH_STYLE puts the bucket into the
 *   path, where there is no host name for each bucket.
 */
module.exports = function s3(config) {
  const client = new S3Client({
    region: config.REGION,
    credentials: { accessKeyId: config.KEY, secretAccessKey: config.SECRET, sessionToken: config.TOKEN || undefined },
    forcePathStyle: Boolean(config.PATH_STYLE),
    ...(config.ENDPOINT ? { endpoint: config.ENDPOINT } : {}),
  });
  const send = (command) => client.send(command);

  async function exists(Bucket) {
    try {
      await send(new HeadBucketCommand({ Bucket }));
      return true;
    } catch (error) {
      if (absent(error)) return false;
      throw error;
    }
  }

  async function list(Bucket, Prefix, MaxKeys) {
    const keys = [];
    let ContinuationToken;
    let requests = 0;
    do {
      const page = await send(new ListObjectsV2Command({ Bucket, Prefix, MaxKeys, ContinuationToken }));
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key));
      ContinuationToken = page.NextContinuationToken;
      requests += 1;
    } while (ContinuationToken);
    return { keys, requests };
  }

  async function remove(Bucket, keys) {
    // Amazon S3 API Reference, DeleteObjects: up to 1000 keys.
    for (let at = 0; at < keys.length; at += 1000) {
      const Objects = keys.slice(at, at + 1000).map((Key) => ({ Key }));
      const { Errors } = await send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
      if (Errors?.length) throw new Error(`${Errors.length} objects stay, the first because of ${Errors[0].Code}`);
    }
  }

  return {
    async createBucket(Bucket) {
      // us-east-1 is what no constraint means, and cannot be named as one.
      const CreateBucketConfiguration = config.REGION === "us-east-1" ? undefined : { LocationConstraint: config.REGION };
      await send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
      await until(() => exists(Bucket));
    },

    /** Remove a bucket with all that is in it, and wait until it is gone. */
    async deleteBucket(Bucket) {
      await remove(Bucket, (await list(Bucket)).keys);
      await send(new DeleteBucketCommand({ Bucket }));
      await until(async () => !(await exists(Bucket)));
    },

    exists,

    async put(Bucket, Key, Body, { ContentType, Metadata } = {}) {
      await send(new PutObjectCommand({ Bucket, Key, Body, ContentType, Metadata }));
    },

    /** Text, type and metadata of an object; null where there is none. */
    async get(Bucket, Key) {
      try {
        const { Body, ContentType, Metadata } = await send(new GetObjectCommand({ Bucket, Key }));
        return { text: await Body.transformToString(), type: ContentType, metadata: Metadata };
      } catch (error) {
        if (absent(error)) return null;
        throw error;
      }
    },

    /** Size, type and metadata of an object, without its content. */
    async head(Bucket, Key) {
      const { ContentLength, ContentType, Metadata } = await send(new HeadObjectCommand({ Bucket, Key }));
      return { size: ContentLength, type: ContentType, metadata: Metadata };
    },

    list,
    remove,

    /** Copy an object; with `metadata` it gets that in place of its own. */
    async copy([fromBucket, fromKey], [Bucket, Key], metadata) {
      const CopySource = `${fromBucket}/${fromKey.split("/").map(encodeURIComponent).join("/")}`;
      const replaced = metadata ? { MetadataDirective: "REPLACE", Metadata: metadata } : {};
      await send(new CopyObjectCommand({ Bucket, Key, CopySource, ...replaced }));
    },

    close() {
      client.destroy();
    },
  };
};
