// Requests to somebody else that do not come by `http.request` with its settings; each is signed for a service of its own.
import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import { Duplex } from "node:stream";
import { Worker } from "node:worker_threads";

const signed = (service) => `AWS4-HMAC-SHA256 Credential=key/20260101/eu-west-1/${service}/aws4_request, Signature=x`;
const options = (port, service) => ({ host: "127.0.0.1", port, agent: false, headers: { authorization: signed(service) } });
const send = async (request) => (await once(request.end(), "response"))[0].resume();
/** A program that makes such a request. */
const program = (port, service) => `require("node:http").get(${JSON.stringify({ ...options(port, service) })}, (answer) => answer.resume())`;

/** As nock and msw do: what is mocked never gets a connection. */
class MockAgent extends http.Agent {
  createConnection(options, ready) {
    if (options.port !== 1) return new http.Agent().createConnection(options, ready);
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    return new Duplex({ read() {}, write(_data, _encoding, done) { this.push(answer); done(); } });
  }
}

const [socketPath] = process.argv.slice(2);
const server = http.createServer((_request, response) => response.writeHead(500).end());
await once(server.listen(0, "127.0.0.1"), "listening");
const local = http.createServer((_request, response) => response.writeHead(500).end());
await once(local.listen(socketPath), "listening");
const { port } = server.address();

// First, since the place has had no connection yet.
await send(http.request({ ...options(port, "through"), agent: new MockAgent() }));
await send(http.request({ ...options(1, "mocked"), agent: new MockAgent() }));
const later = http.request({ port, host: "127.0.0.1", agent: false });
later.setHeader("authorization", signed("later"));
await send(later);
await send(new http.ClientRequest(options(port, "class")));
await send(http.get({ socketPath, agent: false, headers: { authorization: signed("socket") } }));
await send(http.get({ agent: new http.Agent({ socketPath }), headers: { authorization: signed("agent") } }));
const session = http2.connect(`http://127.0.0.1:${port}`).on("error", () => {});
const asked = session.request({ ":path": "/", authorization: signed("http2") });
await new Promise((closed) => asked.on("error", () => {}).on("close", closed)); // it speaks HTTP/1.1 only

// What an environment leaves out, and what this one has lost.
delete process.env.NODE_OPTIONS;
await once(execFile(process.execPath, ["-e", program(port, "lost")]), "exit");
for (const name of Object.keys(process.env)) if (name.startsWith("SANDGATE_")) delete process.env[name];
await once(execFile(process.execPath, ["-e", program(port, "child")], { env: {} }), "exit");
await once(new Worker(program(port, "thread"), { eval: true, env: {} }), "exit");
local.close();
server.closeAllConnections();
server.close();
// Nobody answers any more, and this thread would not either.
try {
  execFileSync(process.execPath, ["-e", program(port, "sync")], { env: {}, stdio: "ignore" });
} catch {}
rmSync(socketPath, { force: true });
console.log(port);
