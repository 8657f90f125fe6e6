import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-dynamodb";

const Item = { id: { S: "ünï" }, n: { N: "12345678901234567890" }, b: { B: Uint8Array.of(0, 255) }, l: { L: [{ NULL: true }] } };

export async function roundTrip({ TableName }) {
  const client = new DynamoDBClient({});
  await client.send(new PutItemCommand({ TableName, Item }));
  const { Item: found } = await client.send(new GetItemCommand({ TableName, Key: { id: Item.id } }));
  return { ...found, b: [...found.b.B] };
}

export async function conditionFails({ TableName }) {
  const client = new DynamoDBClient({});
  const command = new PutItemCommand({ TableName, Item, ConditionExpression: "attribute_exists(nothing)" });
  return client.send(command).catch((error) => error instanceof ConditionalCheckFailedException);
}

export async function missingTable({ TableName }) {
  const command = new GetItemCommand({ TableName, Key: { id: { S: "x" } } });
  return new DynamoDBClient({}).send(command).catch((error) => error instanceof ResourceNotFoundException);
}

export async function foreignKey({ TableName, accessKeyId }) {
  const credentials = { accessKeyId, secretAccessKey: "not-a-secret" };
  await new DynamoDBClient({ credentials }).send(new GetItemCommand({ TableName, Key: { id: { S: "x" } } }));
}
