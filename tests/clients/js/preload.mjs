import http from "node:http";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const aws = (service) => `https://${service}.${process.env.AWS_REGION}.amazonaws.com`;

/** A bucket under a host name of its own: by the SDK, and by presigned addresses. */
export async function virtualHost({ Bucket, Key, Body }) {
  const s3 = new S3Client({ endpoint: aws("s3"), requestChecksumCalculation: "WHEN_REQUIRED" });
  await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  const read = await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body.transformToString();
  const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: `${Key}-2` }));
  const { status } = await fetch(new URL(put), { method: "PUT", body: Body });
  const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: `${Key}-2` }));
  return { read, status, fetched: await (await fetch(new Request(get))).text(), host: new URL(put).host };
}

export async function tables({ endpoint = aws("dynamodb"), prefix = "" }) {
  const client = new DynamoDBClient({ endpoint, maxAttempts: 1 });
  // As the SDK does for operations with a host prefix, which DynamoDB has none of.
  const before = (next) => (given) => {
    given.request.hostname = prefix + given.request.hostname;
    return next(given);
  };
  client.middlewareStack.add(before, { step: "serialize", priority: "low" });
  return (await client.send(new ListTablesCommand({}))).TableNames;
}

/** A call, a presigned address, and a request that is no call, all to somebody else on this machine. */
export async function elsewhere() {
  const server = http.createServer((_request, response) => response.writeHead(500).end());
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  const mine = await fetch(`http://127.0.0.1:${port}/health`);
  await new Promise((done) => http.get({ port, path: "/health", agent: false }, (response) => response.resume().on("end", done)));
  const endpoint = `http://127.0.0.1:${port}`;
  const refused = await tables({ endpoint }).catch((error) => error.$metadata.httpStatusCode);
  const url = await getSignedUrl(new S3Client({ endpoint: `http://localhost:${port}`, forcePathStyle: true }), new GetObjectCommand({ Bucket: "b", Key: "k" }));
  await fetch(url.replace("localhost", "127.0.0.1")).catch(() => {});
  server.closeAllConnections();
  server.close();
  return { port, statuses: [mine.status, refused] };
}
