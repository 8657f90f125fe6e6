"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, it } = require("node:test");

const { Config, Lib, name } = require("./loader.js")();

const table = name("crud");
const db = Lib(Config);
const person = (id, values = {}) => ({ kind: "person", id, ...values });
const key = (id) => ({ kind: "person", id });

before(() => db.createTable(table, "kind", "id"));
after(async () => {
  await db.deleteTable(table);
  assert.equal(await db.status(table), "");
  db.close();
});

describe("a table", () => {
  it("is ACTIVE before it is used", async () => assert.equal(await db.status(table), "ACTIVE"));

  it("that is not there has no status", async () => assert.equal(await db.status(name("none")), ""));
});

describe("an item", () => {
  it("is what was put", async () => {
    const ann = person("ann", { age: 42, tags: ["a", "b"], nested: { ok: true, none: null } });
    await db.put(table, ann);
    assert.deepEqual(await db.get(table, key("ann")), ann);
    assert.equal(await db.get(table, key("nobody")), null);
  });

  it("is put once when it must be new", async () => {
    assert.equal(await db.putIfAbsent(table, person("new"), "id"), true);
    assert.equal(await db.putIfAbsent(table, person("new"), "id"), false);
  });

  it("is one's own when many want it at once", async () => {
    const wanting = Array.from({ length: 10 }, (_, by) => db.putIfAbsent(table, person("lock", { by }), "id"));
    const won = await Promise.all(wanting);
    assert.equal(won.filter(Boolean).length, 1);
    assert.equal((await db.get(table, key("lock"))).by, won.indexOf(true));
  });

  it("changes only from what it is expected to be", async () => {
    await db.put(table, person("state", { state: "open" }));
    assert.equal(await db.update(table, key("state"), { state: "done" }, { state: "closed" }), false);
    assert.equal(await db.update(table, key("state"), { state: "done" }, { state: "open" }), true);
    assert.equal((await db.get(table, key("state"))).state, "done");
  });

  it("counts every one of many additions", async () => {
    await Promise.all(Array.from({ length: 10 }, () => db.add(table, key("counter"), "count", 1)));
    assert.equal(await db.add(table, key("counter"), "count", 5), 15);
  });

  it("is removed once", async () => {
    await db.put(table, person("gone"));
    assert.equal(await db.remove(table, key("gone"), "id"), true);
    assert.equal(await db.remove(table, key("gone"), "id"), false);
  });
});

describe("many items", () => {
  const rows = Array.from({ length: 60 }, (_, at) => ({ kind: "row", id: `${at % 2 ? "odd" : "even"}-${at}`, at }));

  it("are put 25 at a time", async () => assert.equal(await db.batchPut(table, rows), 3));

  it("are read by their keys", async () => {
    const found = await db.batchGet(table, rows.map(({ kind, id }) => ({ kind, id })));
    assert.equal(found.length, rows.length);
  });

  it("are queried page by page", async () => {
    const { items, requests } = await db.query(table, ["kind", "row"], { Limit: 25 });
    assert.equal(items.length, 60);
    assert.ok(requests >= 3);
  });

  it("are queried by the beginning of the sort key", async () => {
    const { items } = await db.query(table, ["kind", "row"], { sort: "id", beginsWith: "odd-" });
    assert.ok(items.every(({ at }) => at % 2 === 1));
    assert.equal(items.length, 30);
  });

  it("are scanned page by page", async () => {
    const { items, requests } = await db.scan(table, { Limit: 20 });
    assert.ok(items.length >= 60);
    assert.ok(requests >= 3);
  });
});

describe("a transaction", () => {
  it("writes everything", async () => {
    const writes = ["t1", "t2"].map((id) => ({ put: person(id), absent: "id" }));
    assert.equal(await db.transact(table, writes), true);
    assert.ok(await db.get(table, key("t2")));
  });

  it("or nothing", async () => {
    assert.equal(await db.transact(table, [{ put: person("t3") }, { put: person("t1"), absent: "id" }]), false);
    assert.equal(await db.get(table, key("t3")), null);
  });
});

describe("time to live", () => {
  it("is off until it is enabled for an attribute", async () => {
    assert.deepEqual(await db.ttl(table), { attribute: "", status: "DISABLED" });
    await db.enableTtl(table, "expires");
    const { attribute, status } = await db.ttl(table);
    assert.equal(attribute, "expires");
    assert.match(status, /^ENABL(ING|ED)$/);
  });
});
