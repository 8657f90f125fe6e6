"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, it } = require("node:test");
const { setTimeout: pause } = require("node:timers/promises");

const { Config, Lib, name } = require("./loader.js")();

const queues = ["actions", "later", "purged"].map(name);
const sqs = Lib(Config);
const urls = {};

/** Wait for what AWS takes its time for; a minute for deletions and purges. */
async function eventually(look) {
  const deadline = Date.now() + 90_000;
  while (!(await look())) {
    assert.ok(Date.now() < deadline, "it did not come to be in time");
    await pause(500);
  }
}

before(async () => {
  await Promise.all(queues.map(async (queue) => (urls[queue] = await sqs.createQueue(queue))));
});
after(async () => {
  await Promise.all(
    queues.map(async (queue) => {
      await sqs.deleteQueue(urls[queue]);
      await eventually(async () => (await sqs.url(queue)) === null);
    }),
  );
  sqs.close();
});

const [actions, later, purged] = queues;

/** All of so many messages, which need not come at once. */
async function receiveAll(url, count) {
  const found = [];
  await eventually(async () => {
    found.push(...(await sqs.receive(url, { wait: 2, hidden: 600 })));
    return found.length >= count;
  });
  return found;
}

describe("a message", () => {
  it("is received as it was sent, and gone once it is removed", async () => {
    const id = await sqs.send(urls[actions], { do: "this", with: "grüße & <tags>" });
    const [got] = await receiveAll(urls[actions], 1);
    assert.deepEqual([got.id, got.body], [id, { do: "this", with: "grüße & <tags>" }]);
    await sqs.remove(urls[actions], got.receipt);
    assert.deepEqual(await sqs.receive(urls[actions]), []);
  });

  it("is hidden from others while one has it", async () => {
    await sqs.send(urls[actions], "once");
    const [got] = await receiveAll(urls[actions], 1);
    assert.deepEqual(await sqs.receive(urls[actions]), []);
    await sqs.remove(urls[actions], got.receipt);
  });

  it("comes later when it is delayed", async () => {
    const id = await sqs.send(urls[later], "soon", { delay: 1 });
    await sqs.send(urls[later], "in a quarter of an hour", { delay: 900 });
    const got = await receiveAll(urls[later], 1);
    assert.deepEqual(got.map((message) => message.id), [id]);
    await eventually(async () => (await sqs.counts(urls[later])).delayed === 1);
  });
});

describe("a queue", () => {
  it("is found by its name", async () => assert.equal(await sqs.url(actions), urls[actions]));

  it("that was never made is not there", async () => assert.equal(await sqs.url(name("none")), null));

  it("that is not there takes no message", async () => {
    const url = urls[actions].replace(actions, name("none"));
    await assert.rejects(sqs.send(url, "lost"), { name: "QueueDoesNotExist" });
  });

  it("is empty once it is purged", async () => {
    await Promise.all([1, 2, 3].map((number) => sqs.send(urls[purged], number)));
    await sqs.purge(urls[purged]);
    await eventually(async () => {
      const { visible, hidden } = await sqs.counts(urls[purged]);
      return visible + hidden === 0;
    });
  });
});
