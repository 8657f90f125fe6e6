"use strict";

// The only file that reads the environment: the same test runs wherever that leads.
const { randomBytes } = require("node:crypto");

module.exports = function loader(environ = process.env) {
  const Config = {
    REGION: environ.AWS_REGION,
    KEY: environ.AWS_ACCESS_KEY_ID,
    SECRET: environ.AWS_SECRET_ACCESS_KEY,
    TOKEN: environ.AWS_SESSION_TOKEN,
    ENDPOINT: environ.DYNAMODB_ENDPOINT,
  };
  const namespace = environ.SANDGATE_NAMESPACE || randomBytes(3).toString("hex");
  return { Config, Lib: require("../index.js"), name: (what) => `test_${namespace}_${what}` };
};
