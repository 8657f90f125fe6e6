"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, it } = require("node:test");

const { Config, Lib, name } = require("./loader.js")();

const uploads = name("uploads");
const copies = name("copies");
const s3 = Lib(Config);

before(() => Promise.all([s3.createBucket(uploads), s3.createBucket(copies)]));
after(async () => {
  for (const bucket of [uploads, copies]) {
    await s3.deleteBucket(bucket);
    assert.equal(await s3.exists(bucket), false);
  }
  s3.close();
});

describe("an object", () => {
  it("is what was put, with its type and metadata", async () => {
    await s3.put(uploads, "a/ä b+c.txt", "grüße", { ContentType: "text/plain", Metadata: { who: "ann" } });
    const there = await s3.get(uploads, "a/ä b+c.txt");
    assert.deepEqual(there, { text: "grüße", type: "text/plain", metadata: { who: "ann" } });
  });

  it("tells its size without its content", async () => {
    await s3.put(uploads, "size", "x".repeat(1000));
    assert.equal((await s3.head(uploads, "size")).size, 1000);
  });

  it("that is not there is null", async () => assert.equal(await s3.get(uploads, "none"), null));
});

describe("a copy", () => {
  before(() => s3.put(uploads, "from/a b.txt", "copied", { Metadata: { who: "ann" } }));

  it("within a bucket keeps the metadata", async () => {
    await s3.copy([uploads, "from/a b.txt"], [uploads, "to.txt"]);
    const { text, metadata } = await s3.get(uploads, "to.txt");
    assert.deepEqual([text, metadata], ["copied", { who: "ann" }]);
  });

  it("into another bucket can have metadata of its own", async () => {
    await s3.copy([uploads, "from/a b.txt"], [copies, "to.txt"], { who: "bob" });
    const { text, metadata } = await s3.get(copies, "to.txt");
    assert.deepEqual([text, metadata], ["copied", { who: "bob" }]);
  });
});

describe("a listing", () => {
  const keys = Array.from({ length: 12 }, (_, at) => `list/${String(at).padStart(2, "0")}`);

  it("goes over pages", async () => {
    await Promise.all(keys.map((key) => s3.put(uploads, key, key)));
    const found = await s3.list(uploads, "list/", 5);
    assert.deepEqual(found.keys, keys);
    assert.equal(found.requests, 3);
  });

  it("does not show what was removed", async () => {
    await s3.remove(uploads, keys.slice(2));
    assert.deepEqual((await s3.list(uploads, "list/")).keys, keys.slice(0, 2));
  });
});

describe("a bucket", () => {
  it("is addressed in the path", async () => {
    const byPath = Lib({ ...Config, PATH_STYLE: true });
    await byPath.put(uploads, "by-path", "path style");
    assert.equal((await s3.get(uploads, "by-path")).text, "path style");
    byPath.close();
  });

  it("is addressed by a host name of its own", { skip: Config.ENDPOINT ? "an emulator has none" : false }, async () => {
    const byHost = Lib({ ...Config, ENDPOINT: `https://s3.${Config.REGION}.amazonaws.com`, PATH_STYLE: false });
    await byHost.put(uploads, "by-host", "virtual-host style");
    assert.equal((await byHost.get(uploads, "by-host")).text, "virtual-host style");
    assert.equal((await s3.get(uploads, "by-host")).text, "virtual-host style");
    byHost.close();
  });

  it("that was never made is not there", async () => assert.equal(await s3.exists(name("none")), false));
});
