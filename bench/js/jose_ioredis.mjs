// jose and ioredis: our own token, its id looked up in Redis. Spoken to line by line, as bench/inside/worker.py is.

import { createPublicKey } from "node:crypto";
import { createInterface } from "node:readline";
import { Redis } from "ioredis";
import { jwtVerify } from "jose";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const first = await lines.next();
if (first.done) process.exit(); // Another contender has failed.
const asked = JSON.parse(first.value);
const key = createPublicKey({
  key: Buffer.from(process.env.PUBLIC_KEY, "base64"),
  format: "der",
  type: "spki",
});
const redis = new Redis({ path: asked.redis });
await redis.set(asked.revoked_id, "");
const claimed = { issuer: asked.issuer, audience: asked.audience, algorithms: ["ES256"] };

async function decide(token) {
  const { payload } = await jwtVerify(token, key, claimed);
  return (await redis.exists(payload.jti)) === 0;
}

const begun = performance.now();
if (!(await decide(asked.live))) throw new Error("it refuses what it should let in");
if (await decide(asked.revoked)) throw new Error("it lets a revoked token in");
console.log(JSON.stringify({ first_ms: performance.now() - begun, failed: 0 }));
for await (const line of lines) {
  const times = Number(line);
  const wall = [];
  const before = process.cpuUsage();
  for (let count = 0; count < times; count++) {
    const begun = process.hrtime.bigint();
    await decide(asked.live);
    wall.push(Number(process.hrtime.bigint() - begun));
  }
  const used = process.cpuUsage(before);
  console.log(JSON.stringify({ wall_ns: wall, cpu_ns: (used.user + used.system) * 1000 }));
}
redis.disconnect();
