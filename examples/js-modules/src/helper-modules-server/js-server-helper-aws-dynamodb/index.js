"use strict";

const {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} = require("@aws-sdk/client-dynamodb");
const { marshall, unmarshall } = require("@aws-sdk/util-dynamodb");

// Amazon DynamoDB API Reference: at most so many items in one BatchWriteItem, and in one BatchGetItem.
const WRITES = 25;
const READS = 100;
const PATIENCE = 300_000;

const item = (values) => marshall(values, { removeUndefinedValues: true });

function* chunks(list, size) {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Wait until `look` says true. What it throws ends the wait: the SDK's own waiters take a missing permission for "not yet". */
async function until(look) {
  const deadline = Date.now() + PATIENCE;
  for (let wait = 100; !(await look()); wait = Math.min(2 * wait, 5000)) {
    if (Date.now() > deadline) throw new Error(`it has not come to be in ${PATIENCE / 1000} seconds`);
    await pause(wait);
  }
}

/** True once `write` succeeds, false where its condition does not hold. */
async function whether(write) {
  try {
    await write;
    return true;
  } catch (error) {
    if (error.name === "ConditionalCheckFailedException") return false;
    throw error;
  }
}

/**
 * A helper for one account and region.
 *
 * @param {{REGION: string, KEY: string, SECRET: string, TOKEN?: string, ENDPOINT?: string}} config
 *   ENDPOINT is where an emulator listens; without it the SDK knows where to go.
 */
module.exports = function dynamodb(config) {
  const client = new DynamoDBClient({
    region: config.REGION,
    credentials: { accessKeyId: config.KEY, secretAccessKey: config.SECRET, sessionToken: config.TOKEN || undefined },
    ...(config.ENDPOINT ? { endpoint: config.ENDPOINT } : {}),
  });
  const send = (command) => client.send(command);

  /** What DynamoDB says of a table; nothing where there is none. */
  async function status(TableName) {
    try {
      return (await send(new DescribeTableCommand({ TableName }))).Table.TableStatus;
    } catch (error) {
      if (error.name === "ResourceNotFoundException") return "";
      throw error;
    }
  }

  async function* pages(Command, request) {
    let ExclusiveStartKey;
    do {
      const page = await send(new Command({ ...request, ExclusiveStartKey }));
      yield page;
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
  }

  async function all(Command, request) {
    const items = [];
    let requests = 0;
    for await (const page of pages(Command, request)) {
      requests += 1;
      items.push(...page.Items.map((found) => unmarshall(found)));
    }
    return { items, requests };
  }

  const condition = (expression, names, values) => ({
    ConditionExpression: expression,
    ...(names ? { ExpressionAttributeNames: names } : {}),
    ...(values ? { ExpressionAttributeValues: item(values) } : {}),
  });

  return {
    /** Make a table and wait until it is ACTIVE: before that AWS answers that there is none. */
    async createTable(TableName, partition, sort) {
      const keys = [[partition, "HASH"], ...(sort ? [[sort, "RANGE"]] : [])];
      await send(
        new CreateTableCommand({
          TableName,
          BillingMode: "PAY_PER_REQUEST",
          KeySchema: keys.map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
          AttributeDefinitions: keys.map(([AttributeName]) => ({ AttributeName, AttributeType: "S" })),
        }),
      );
      await until(async () => (await status(TableName)) === "ACTIVE");
    },

    /** Remove a table and wait until it is gone, so that its name can be used again. */
    async deleteTable(TableName) {
      await send(new DeleteTableCommand({ TableName }));
      await until(async () => (await status(TableName)) === "");
    },

    status,

    async put(TableName, values) {
      await send(new PutItemCommand({ TableName, Item: item(values) }));
    },

    /** True for the one who was first. */
    putIfAbsent(TableName, values, partition) {
      const first = condition("attribute_not_exists(#key)", { "#key": partition });
      return whether(send(new PutItemCommand({ TableName, Item: item(values), ...first })));
    },

    async get(TableName, key) {
      const { Item } = await send(new GetItemCommand({ TableName, Key: item(key), ConsistentRead: true }));
      return Item ? unmarshall(Item) : null;
    },

    /** Set some attributes of an item, if it is as `expected` says; false where it is not. */
    update(TableName, key, values, expected = {}) {
      const set = Object.keys(values);
      const when = Object.keys(expected);
      const names = Object.fromEntries([...set, ...when].map((name) => [`#${name}`, name]));
      const sent = [...set.map((name) => [`:${name}`, values[name]]), ...when.map((name) => [`:was_${name}`, expected[name]])];
      const text = when.map((name) => `#${name} = :was_${name}`).join(" AND ");
      return whether(
        send(
          new UpdateItemCommand({
            TableName,
            Key: item(key),
            UpdateExpression: `SET ${set.map((name) => `#${name} = :${name}`).join(", ")}`,
            ExpressionAttributeNames: names,
            ExpressionAttributeValues: item(Object.fromEntries(sent)),
            ...(text ? { ConditionExpression: text } : {}),
          }),
        ),
      );
    },

    /** Add to a number, and return what it is then. */
    async add(TableName, key, name, by) {
      const { Attributes } = await send(
        new UpdateItemCommand({
          TableName,
          Key: item(key),
          UpdateExpression: "ADD #name :by",
          ExpressionAttributeNames: { "#name": name },
          ExpressionAttributeValues: item({ ":by": by }),
          ReturnValues: "UPDATED_NEW",
        }),
      );
      return unmarshall(Attributes)[name];
    },

    /** Remove an item that is there; false where there is none. */
    remove(TableName, key, partition) {
      const there = condition("attribute_exists(#key)", { "#key": partition });
      return whether(send(new DeleteItemCommand({ TableName, Key: item(key), ...there })));
    },

    /** All items of a partition, page by page; `beginsWith` looks at the sort key. */
    query(TableName, [partition, value], { sort, beginsWith, Limit } = {}) {
      const narrowed = beginsWith !== undefined;
      return all(QueryCommand, {
        TableName,
        Limit,
        KeyConditionExpression: `#partition = :partition${narrowed ? " AND begins_with(#sort, :begin)" : ""}`,
        ExpressionAttributeNames: { "#partition": partition, ...(narrowed ? { "#sort": sort } : {}) },
        ExpressionAttributeValues: item({ ":partition": value, ...(narrowed ? { ":begin": beginsWith } : {}) }),
      });
    },

    scan(TableName, { Limit } = {}) {
      return all(ScanCommand, { TableName, Limit });
    },

    /** Put any number of items; the number of requests that took. What DynamoDB left over is sent again, later. */
    async batchPut(TableName, list) {
      let requests = 0;
      for (const chunk of chunks(list, WRITES)) {
        let left = { [TableName]: chunk.map((values) => ({ PutRequest: { Item: item(values) } })) };
        for (let attempt = 0; Object.keys(left).length > 0; attempt += 1) {
          if (attempt > 0) await pause(Math.min(50 * 2 ** attempt, 5000));
          left = (await send(new BatchWriteItemCommand({ RequestItems: left }))).UnprocessedItems ?? {};
          requests += 1;
        }
      }
      return requests;
    },

    async batchGet(TableName, keys) {
      const found = [];
      for (const chunk of chunks(keys, READS)) {
        let left = { [TableName]: { Keys: chunk.map(item), ConsistentRead: true } };
        for (let attempt = 0; Object.keys(left).length > 0; attempt += 1) {
          if (attempt > 0) await pause(Math.min(50 * 2 ** attempt, 5000));
          const page = await send(new BatchGetItemCommand({ RequestItems: left }));
          found.push(...(page.Responses?.[TableName] ?? []).map((each) => unmarshall(each)));
          left = page.UnprocessedKeys ?? {};
        }
      }
      return found;
    },

    /** Write all or nothing: `put` and `absent` items; false where a condition does not hold. */
    async transact(TableName, writes) {
      const TransactItems = writes.map(({ put, absent }) => ({
        Put: { TableName, Item: item(put), ...(absent ? condition("attribute_not_exists(#key)", { "#key": absent }) : {}) },
      }));
      try {
        await send(new TransactWriteItemsCommand({ TransactItems }));
        return true;
      } catch (error) {
        const reasons = error.CancellationReasons?.map((reason) => reason.Code) ?? [];
        if (error.name === "TransactionCanceledException" && reasons.includes("ConditionalCheckFailed")) return false;
        throw error;
      }
    },

    async enableTtl(TableName, AttributeName) {
      const TimeToLiveSpecification = { AttributeName, Enabled: true };
      await send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    },

    /** Attribute and state of a table's TTL. */
    async ttl(TableName) {
      const { TimeToLiveDescription: told } = await send(new DescribeTimeToLiveCommand({ TableName }));
      return { attribute: told.AttributeName ?? "", status: told.TimeToLiveStatus };
    },

    close() {
      client.destroy();
    },
  };
};
