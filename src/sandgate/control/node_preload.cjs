// Loaded into every Node.js process of a run (NODE_OPTIONS), before its own code.
//
// Requests to hosts of AWS, and to the gate under an operation's host prefix, go to the gate, with the Host that the
// client has signed. A call of an SDK to anything else is written down beside the run's events (elsewhere.py), once for
// each place and service, before it is sent. What is no request of HTTP/1.1 by node:http, node:https or fetch is left alone.
"use strict";

const { appendFileSync } = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const { syncBuiltinESMExports } = require("node:module");
const { join } = require("node:path");
const { urlToHttpOptions } = require("node:url");

const AWS = /(?:^|\.)(?:amazonaws\.com(?:\.cn)?|api\.aws|on\.aws|amazoncognito\.com)$/i;
// Machines, balancers and databases have names below amazonaws.com too, and are no APIs.
const NO_API = /\.(?:elb|compute(?:-\d+)?|rds|cache|redshift|docdb|neptune)\./i;
const PREFIXED = /^(?:[a-z0-9][a-z0-9-]*-|\d{12}\.)(127\.0\.0\.1)$/i;
// Where machines of AWS ask for credentials of their own.
const LINK_LOCAL = /^169\.254\.|^f[de][0-9a-f]{2}:/i;
const SIGNED = /^AWS4?[- ]/;
const SCOPE = /Credential=[^/,]+\/[^,]*?\/([a-z0-9-]+)\/aws4_request/;
const SDK = /\b(?:aws-sdk-js|aws-sdk-nodejs|Boto3|aws-cli)\//;

const gate = process.env.SANDGATE_GATE_URL ? new URL(process.env.SANDGATE_GATE_URL) : undefined;
const directory = process.env.SANDGATE_RUN_DIR;

/** Where a request goes: `aws`, `prefixed`, `gate` or `other`. */
function placeOf(host, port) {
  if (AWS.test(host)) return NO_API.test(host) ? "other" : "aws";
  if (String(port) !== gate.port) return "other";
  if (host === gate.hostname || host === "localhost") return "gate";
  return PREFIXED.exec(host)?.[1] === gate.hostname ? "prefixed" : "other";
}

const told = new Set();

/** Write down that an SDK was asked to reach another target than the gate. */
function tell(host, port, authorization) {
  const service = SCOPE.exec(authorization)?.[1] ?? "";
  const line = JSON.stringify({ host: `${host}:${port}`, by: "Node.js", service });
  if (told.has(line)) return;
  told.add(line);
  try {
    appendFileSync(join(directory, "elsewhere.jsonl"), `${line}\n`, { mode: 0o600 });
  } catch {
    // The run is over, and its verdict with it.
  }
}

/** Tell of a request that an SDK has made, by its signature or by its name, to a place that is not the gate. */
function look(host, port, field, path) {
  const presigned = /[?&]X-Amz-Credential=([^&]*)/.exec(path);
  const authorization = presigned ? `Credential=${presigned[1].replaceAll(/%2F/gi, "/")}/` : field("authorization");
  const signed = presigned !== null || SIGNED.test(authorization);
  if ((signed || SDK.test(field("user-agent"))) && !LINK_LOCAL.test(host)) tell(host, port, authorization);
}

/** Headers as a list of names and values; they come as that, as pairs, or as an object. */
function flat(headers) {
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

/** The arguments of `http.request`, in one form. */
function readArguments(first, second, third) {
  if (typeof first === "string" || first instanceof URL) {
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

function wrap(module_, protocol, usual) {
  const before = module_.request;
  module_.request = function request(...given) {
    let options, callback;
    try {
      [options, callback] = readArguments(...given);
    } catch {
      return before.apply(this, given); // it says itself what is wrong with them
    }
    if (options.socketPath) return before.apply(this, given);
    const named = options.hostname || options.host || "localhost";
    const host = named.replace(/^\[|\]$/g, "");
    const port = options.port || options.defaultPort || options.agent?.defaultPort || usual;
    const place = placeOf(host, port);
    if (place === "other") look(host, port, fieldOf(options.headers), String(options.path ?? ""));
    if (place !== "aws" && place !== "prefixed") return before.apply(this, given);
    const shown = String(port) === String(usual) ? host : `${host}:${port}`;
    return plainRequest(
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
    const url = new URL(options.origin);
    const port = url.port || (url.protocol === "https:" ? "443" : "80");
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const place = placeOf(host, port);
    if (place === "other") look(host, port, fieldOf(options.headers), String(options.path ?? ""));
    if (place !== "aws" && place !== "prefixed") return inner.dispatch(options, handler);
    const headers = [...flat(options.headers), ...(fieldOf(options.headers)("host") ? [] : ["host", url.host])];
    return inner.dispatch({ ...options, origin: gate.origin, headers }, handler);
  }
}

function wrapFetch() {
  const before = globalThis.fetch;
  if (!before) return;
  globalThis.fetch = function fetch(resource, options) {
    return before(resource, { ...options, dispatcher: new ToGate(options?.dispatcher) });
  };
}

if (gate && directory) {
  wrap(http, "http:", 80);
  wrap(https, "https:", 443);
  wrapFetch();
  syncBuiltinESMExports();
}
