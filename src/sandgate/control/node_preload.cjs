// Loaded into every Node.js process of a run (NODE_OPTIONS), before its own code.
//
// Requests to hosts of AWS, and to the gate under an operation's host prefix, go to the gate, with the Host that the
// client has signed: those by node:http, node:https and fetch. A call of an SDK to anything else is written down beside the
// run's events (elsewhere.py), once for each place and service, before it is sent: also by undici, HTTP/2 and a unix socket.
// Processes and threads that are started with an environment of their own load this file too.
"use strict";

const processes = require("node:child_process");
const channels = require("node:diagnostics_channel");
const { appendFileSync } = require("node:fs");
const http = require("node:http");
const http2 = require("node:http2");
const https = require("node:https");
const { syncBuiltinESMExports } = require("node:module");
const { join } = require("node:path");
const { urlToHttpOptions } = require("node:url");
const threads = require("node:worker_threads");

const AWS = /(?:^|\.)(?:amazonaws\.com(?:\.cn)?|api\.aws|on\.aws|amazoncognito\.com)$/i;
// Machines, balancers and databases have names below amazonaws.com too, and are no APIs.
const NO_API = /\.(?:elb|compute(?:-\d+)?|rds|cache|redshift|docdb|neptune)\./i;
const PREFIXED = /^(?:[a-z0-9][a-z0-9-]*-|\d{12}\.)(127\.0\.0\.1)$/i;
// Where machines of AWS ask for credentials of their own.
const LINK_LOCAL = /^169\.254\.|^f[de][0-9a-f]{2}:/i;
const SIGNED = /^AWS4?[- ]/;
const SCOPE = /Credential=[^/,]+\/[^,]*?\/([a-z0-9-]+)\/aws4_request/;
const SDK = /\b(?:aws-sdk-js|aws-sdk-nodejs|Boto3|aws-cli)\//;

const carried = (process.env.SANDGATE_NODE ?? "").split(" ");
const url = process.env.SANDGATE_GATE_URL || carried[0];
const gate = url ? new URL(url) : undefined;
const directory = process.env.SANDGATE_RUN_DIR || carried.slice(1).join(" ");

/** Where a request goes: `aws`, `prefixed`, `gate` or `other`. */
function placeOf(host, port) {
  if (AWS.test(host)) return NO_API.test(host) ? "other" : "aws";
  if (String(port) !== gate.port) return "other";
  if (host === gate.hostname || host === "localhost") return "gate";
  return PREFIXED.exec(host)?.[1] === gate.hostname ? "prefixed" : "other";
}

const told = new Set();

/** Write down that an SDK was asked to reach another target than the gate. */
function tell(place, authorization) {
  const service = SCOPE.exec(authorization)?.[1] ?? "";
  const host = place.replaceAll(/[^\w.:%/-]/g, "_").slice(0, 260);
  const line = JSON.stringify({ host, by: "Node.js", service });
  // The steps of a story see no run directory.
  if (!directory || told.has(line)) return;
  try {
    appendFileSync(join(directory, "elsewhere.jsonl"), `${line}\n`, { mode: 0o600 });
    told.add(line);
  } catch {
    // The run is over, and its verdict with it; or too many files are open, and the next call is told of.
  }
}

const connected = new Set();
const mocked = new Map();

/** See which of the requests that nock or msw might answer were let through: there is a connection then. */
function followMocks() {
  for (const { Agent } of [http, https]) {
    const before = Agent.prototype.createConnection;
    Agent.prototype.createConnection = function createConnection(options, ...rest) {
      const place = `${options?.host || "localhost"}:${options?.port}`;
      connected.add(place);
      for (const authorization of mocked.get(place) ?? []) tell(place, authorization);
      mocked.delete(place);
      return before.call(this, options, ...rest);
    };
  }
}

/** Tell of a request that an SDK has made, by its signature or by its name, to a place that is not the gate. */
function look(host, place, field, path, agent) {
  const presigned = /[?&]X-Amz-Credential=([^&]*)/.exec(path);
  const authorization = presigned ? `Credential=${presigned[1].replaceAll(/%2F/gi, "/")}/` : field("authorization");
  const signed = presigned !== null || SIGNED.test(authorization);
  if (!(signed || SDK.test(field("user-agent"))) || LINK_LOCAL.test(host)) return;
  const mock = /^Mock/.test(agent?.constructor?.name ?? "") && !connected.has(place);
  if (mock) mocked.set(place, [...(mocked.get(place) ?? []), authorization]);
  else tell(place, authorization);
}

const bare = (host) => host.replace(/^\[|\]$/g, "");

/** Host, with no brackets, and port of a URL. */
function placed(given) {
  const { protocol, hostname, port } = new URL(given);
  return [bare(hostname), port || (protocol === "https:" ? "443" : "80")];
}

/** Look at a request to a URL. */
function lookAt(given, field, path, agent) {
  if (!URL.canParse(given)) return;
  const [host, port] = placed(given);
  if (placeOf(host, port) === "other") look(host, `${host}:${port}`, field, path, agent);
}

/** Headers as a list of names and values; they come as that, as pairs, as an object, or as undici has written them. */
function flat(headers) {
  if (typeof headers === "string") return headers.split("\r\n").flatMap((line) => line.split(/: (.*)/, 2));
  if (typeof headers?.[Symbol.iterator] === "function") return [...headers].flat();
  return Object.entries(headers ?? {}).flatMap(([name, value]) => [name, String(value)]);
}

function fieldOf(headers) {
  const list = flat(headers);
  return (name) => {
    for (let at = 0; at < list.length; at += 2) {
      if (String(list[at]).toLowerCase() === name) return String(list[at + 1]);
    }
    return "";
  };
}

/** Whether it is a URL, of jsdom for one: Node.js decides by the same members. */
const isUrl = (value) => Boolean(value?.href && value.protocol && value.auth === undefined && value.path === undefined);

/** The arguments of `http.request`, in one form. */
function readArguments(first, second, third) {
  if (typeof first === "string" || isUrl(first)) {
    const base = urlToHttpOptions(new URL(first));
    return typeof second === "function" ? [base, second] : [{ ...base, ...second }, third];
  }
  return [{ ...first }, second];
}

function withHost(headers, host) {
  if (fieldOf(headers)("host")) return headers;
  if (Array.isArray(headers)) return Array.isArray(headers[0]) ? [...headers, ["host", host]] : [...headers, "host", host];
  return { ...headers, host };
}

const plainRequest = http.request;
const agent = new http.Agent({ keepAlive: true });
const seen = new WeakMap();

function wrap(module_, usual) {
  const before = module_.request;
  module_.request = function request(...given) {
    let options, callback;
    try {
      [options, callback] = readArguments(...given);
    } catch {
      return before.apply(this, given); // it says itself what is wrong with them
    }
    const host = bare(options.hostname || options.host || "localhost");
    const standard = options.defaultPort || options.agent?.defaultPort || usual;
    const port = options.port || standard;
    const socket = options.socketPath || options.agent?.options?.socketPath;
    const where = socket ? `unix:${socket}` : `${host}:${port}`;
    const place = socket ? "other" : placeOf(host, port);
    const field = fieldOf(options.headers);
    if (place === "other") look(socket ? "" : host, where, field, String(options.path ?? ""), options.agent);
    if (place !== "aws" && place !== "prefixed") {
      const sent = before.apply(this, given);
      seen.set(sent, place === "other" ? [host, where] : []);
      return sent;
    }
    const shown = String(port) === String(standard) ? host : `${host}:${port}`;
    const sent = plainRequest(
      {
        ...options,
        agent,
        createConnection: undefined,
        family: undefined,
        lookup: undefined,
        protocol: "http:",
        host: gate.hostname,
        hostname: gate.hostname,
        port: gate.port,
        defaultPort: undefined,
        headers: withHost(options.headers, shown),
      },
      callback,
    );
    seen.set(sent, []);
    return sent;
  };
  module_.get = function get(...given) {
    const sent = module_.request(...given);
    sent.end();
    return sent;
  };
}

/** What carries out `fetch` (undici's dispatcher), on the way to the gate where that is meant. */
class ToGate {
  constructor(inner) {
    this.inner = inner;
  }

  dispatch(options, handler) {
    const inner = this.inner ?? globalThis[Symbol.for("undici.globalDispatcher.1")];
    const place = placeOf(...placed(options.origin));
    if (place !== "aws" && place !== "prefixed") return inner.dispatch(options, handler);
    const { host } = new URL(options.origin);
    const headers = [...flat(options.headers), ...(fieldOf(options.headers)("host") ? [] : ["host", host])];
    return inner.dispatch({ ...options, origin: gate.origin, headers }, handler);
  }
}

function wrapFetch() {
  const before = globalThis.fetch;
  if (!before) return;
  globalThis.fetch = function fetch(resource, options) {
    const dispatcher = new ToGate(options?.dispatcher);
    // Members of a plain object can be copied; those of a `Request`, which stands in its place as well, cannot.
    if (options instanceof Request) return before(new Request(resource, options), { dispatcher });
    return before(resource, { ...options, dispatcher });
  };
}

/** See what did not come by `http.request` and `fetch`, or got its signature later. */
function watch() {
  channels.subscribe("http.client.request.start", ({ request }) => {
    const field = (name) => String(request.getHeader(name) ?? "");
    const [host, where] = seen.get(request) ?? [];
    if (where) look(host, where, field, request.path, request.agent);
    else if (!seen.has(request)) lookAt(`${request.protocol}//${field("host")}`, field, request.path, request.agent);
  });
  channels.subscribe("undici:request:create", ({ request }) => {
    lookAt(request.origin, fieldOf(request.headers), String(request.path ?? ""));
  });
  const before = http2.connect;
  http2.connect = function connect(authority, ...rest) {
    const session = before.call(this, authority, ...rest);
    const { request } = session;
    session.request = function looked(headers, ...more) {
      lookAt(authority, fieldOf(headers), String(headers?.[":path"] ?? ""));
      return request.call(this, headers, ...more);
    };
    return session;
  };
}

const quoted = __filename.replaceAll(/[\\"]/g, "\\$&");
const ours = /[\s"\\]/.test(__filename) ? `--require="${quoted}"` : `--require=${__filename}`;

/** The environment that a child was given, with what loads this file; as Node.js hands on its own NODE_V8_COVERAGE. */
function withOurs(env) {
  const options = env.NODE_OPTIONS ?? "";
  const all = options.includes(ours) ? options : `${ours} ${options}`.trimEnd();
  const led = env.SANDGATE_GATE_URL && env.SANDGATE_RUN_DIR;
  return { ...env, NODE_OPTIONS: all, ...(led ? {} : { SANDGATE_NODE: `${gate.origin} ${directory}` }) };
}

function followChildren() {
  const { spawn } = processes.ChildProcess.prototype;
  processes.ChildProcess.prototype.spawn = function followed(options) {
    const pairs = options?.envPairs;
    if (!Array.isArray(pairs)) return spawn.call(this, options);
    const env = withOurs(Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s, 2))));
    return spawn.call(this, { ...options, envPairs: Object.entries(env).map((entry) => entry.join("=")) });
  };
  for (const name of ["spawnSync", "execSync", "execFileSync"]) {
    const before = processes[name];
    processes[name] = function followed(...given) {
      const at = given.findIndex((value, place) => place > 0 && typeof value === "object" && !Array.isArray(value));
      const options = given[at];
      if (options?.env) given[at] = { ...options, env: withOurs(options.env) };
      else if (!process.env.NODE_OPTIONS?.includes(ours)) {
        given.splice(at < 0 ? given.length : at, 1, { ...options, env: withOurs(process.env) });
      }
      return before.apply(this, given);
    };
  }
  threads.Worker = class Worker extends threads.Worker {
    constructor(file, options) {
      const own = options?.env && options.env !== threads.SHARE_ENV;
      super(file, own ? { ...options, env: withOurs(options.env) } : options);
    }
  };
}

if (gate) {
  wrap(http, 80);
  wrap(https, 443);
  wrapFetch();
  watch();
  followMocks();
  followChildren();
  syncBuiltinESMExports();
}
