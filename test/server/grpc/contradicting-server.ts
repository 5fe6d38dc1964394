// A process whose program contradicts itself in the middle of a call: it must not outlive it.
import { InvariantViolation } from "../../../src/base/assert.ts";
import { HoldfastClient } from "../../../src/client/client.ts";
import { serveRegion, token } from "../../support/grpc-region.ts";

const region = await serveRegion(() =>
  Promise.reject(new InvariantViolation("terms never go back")),
);
const { endpoint, ca } = region;
const client = new HoldfastClient({ endpoints: [endpoint], token, ca, deadlineMs: 2_000 });
await client.getSecretValue({ secretId: "db" }).catch(() => undefined);

// Reached only when the violation was swallowed.
process.exit(7);
