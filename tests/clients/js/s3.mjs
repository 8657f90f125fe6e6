import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

// A client that notes the headers it sends: which framing was used is what the tests are about.
function noting(settings = {}) {
  const client = new S3Client(settings);
  const sent = [];
  client.middlewareStack.add(
    (next) => (args) => {
      sent.push(args.request.headers);
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  return { client, sent };
}

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

async function read(client, place) {
  const { Body, ContentLength } = await client.send(new GetObjectCommand({ ...place, ChecksumMode: "ENABLED" }));
  return { sha256: sha256(await Body.transformToByteArray()), length: ContentLength };
}

export async function putString({ Bucket, Key, Body }) {
  const { client, sent } = noting();
  const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key, Body, Metadata: { who: "js" } }));
  const { Metadata } = await client.send(new HeadObjectCommand({ Bucket, Key }));
  return { etag: ETag, metadata: Metadata, headers: sent[0], ...(await read(client, { Bucket, Key })) };
}

export async function putFile({ Bucket, Key, file }) {
  const { client, sent } = noting();
  const Body = createReadStream(file);
  await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: (await stat(file)).size }));
  return { headers: sent[0], ...(await read(client, { Bucket, Key })) };
}

export async function putUnsignedStream({ Bucket, Key, file }) {
  const { client, sent } = noting({ requestChecksumCalculation: "WHEN_REQUIRED" });
  const Body = createReadStream(file);
  await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: (await stat(file)).size }));
  return { headers: sent[0], ...(await read(client, { Bucket, Key })) };
}

export async function uploadUnknownLength({ Bucket, Key, pieces, size }) {
  const { client, sent } = noting();
  const whole = createHash("sha256");
  function* produce() {
    for (let piece = 0; piece < pieces; piece += 1) {
      const data = Buffer.alloc(size, piece);
      whole.update(data);
      yield data;
    }
  }
  const upload = new Upload({ client, params: { Bucket, Key, Body: Readable.from(produce()) } });
  const { ETag } = await upload.done();
  return { etag: ETag, requests: sent.length, wanted: whole.digest("hex"), ...(await read(client, { Bucket, Key })) };
}

export async function presigned({ Bucket, Key, body }) {
  // By default this SDK signs the checksum of an empty body into the address, whatever is sent to it later.
  const client = new S3Client({ requestChecksumCalculation: "WHEN_REQUIRED" });
  const put = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key }), { expiresIn: 60 });
  const stored = await fetch(put, { method: "PUT", body });
  const get = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key }), { expiresIn: 60 });
  const fetched = await fetch(get);
  const tampered = await fetch(get.replace(Key, `${Key}-other`));
  return { statuses: [stored.status, fetched.status, tampered.status], text: await fetched.text(), url: get };
}

export async function expired({ Bucket, Key }) {
  const signingDate = new Date(Date.now() - 3_600_000);
  const url = await getSignedUrl(new S3Client({}), new GetObjectCommand({ Bucket, Key }), { expiresIn: 60, signingDate });
  const answer = await fetch(url);
  return { status: answer.status, text: await answer.text() };
}

export async function missingBucket({ Bucket }) {
  await new S3Client({}).send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" }));
}

export async function foreignKey({ Bucket, accessKeyId }) {
  const credentials = { accessKeyId, secretAccessKey: "not-a-secret" };
  await new S3Client({ credentials }).send(new GetObjectCommand({ Bucket, Key: "k" }));
}

export async function foreignKeyHead({ Bucket, accessKeyId }) {
  const credentials = { accessKeyId, secretAccessKey: "not-a-secret" };
  await new S3Client({ credentials }).send(new HeadObjectCommand({ Bucket, Key: "k" }));
}
