// Zoom's own receiver of webhooks, from @zoom/rivet, as it comes. Prints its address on one line when it serves.
import { createRequire } from "node:module";

const { HttpReceiver } = createRequire(`${process.cwd()}/`)("@zoom/rivet/meetings");

const receiver = new HttpReceiver({ webhooksSecretToken: process.env.PEER_SECRET, endpoints: "/", port: 0 });
receiver.init({ eventEmitter: { emit: async () => {} } });
const server = await receiver.start();
console.log(`http://127.0.0.1:${server.address().port}/`);
