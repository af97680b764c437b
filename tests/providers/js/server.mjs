// An OpenID provider of others (oidc-provider), on a free port of loopback: `node server.mjs`. Each line on stdin is
// a JSON object that says what it is to do, each is answered by a line on stdout, and it ends with its stdin.
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import Provider from "oidc-provider";

// What a service reads of a provider, which is what may come late.
const DOCUMENTS = ["/.well-known/openid-configuration", "/jwks"];

// What it says of itself goes to stderr: stdout is for answers alone.
console.info = console.error;

let provider;
let delaySeconds = 0;
let deliveries = [];
let port = 0;

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://provider");
  if (DOCUMENTS.includes(pathname)) await sleep(delaySeconds * 1000);
  if (pathname.startsWith("/interaction/")) return logIn(request, response);
  return provider.callback()(request, response);
});

// Who the user is, is what the client supposes: nobody types a password here.
async function logIn(request, response) {
  const { params } = await provider.interactionDetails(request, response);
  await provider.interactionFinished(request, response, { login: { accountId: params.login_hint } });
}

function configuration({ keys, clients, accounts, api }) {
  const algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
  return {
    jwks: { keys },
    clients,
    enabledJWA: { idTokenSigningAlgValues: algorithms },
    // A claim goes into the ID token, and not to the userinfo endpoint alone.
    conformIdTokenClaims: false,
    claims: { openid: ["sub", "groups"] },
    cookies: { keys: ["signs the cookies of a provider that lives for one test"] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...accounts[sub] }) }),
    // Everybody has consented to everything.
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({
        clientId: oidc.client.clientId,
        accountId: oidc.session.accountId,
      });
      grant.addOIDCScope("openid");
      grant.addResourceScope(api.audience, api.scope);
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ ...api, accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } }),
      },
    },
    ttl: { AccessToken: 3600, Grant: 3600, IdToken: 3600, Interaction: 60, Session: 3600 },
  };
}

async function listen() {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  port = server.address().port;
}

const COMMANDS = {
  // Keys, clients, accounts and an API: at first, and again when one of them changes. Sessions go on.
  provide(setup) {
    const issuer = `http://127.0.0.1:${port}`;
    provider = new Provider(issuer, configuration(setup));
    provider.on("backchannel.success", (_, client) => deliveries.push({ client: client.clientId, error: null }));
    provider.on("backchannel.error", (_, error, client) =>
      deliveries.push({ client: client.clientId, error: error.message }),
    );
    provider.on("server_error", (_, error) => console.error(error));
    return issuer;
  },
  delay(seconds) {
    delaySeconds = seconds;
    return seconds;
  },
  async down() {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
    return port;
  },
  async up() {
    await listen();
    return port;
  },
  // Which clients it told of a logout since it was last asked, and what went wrong.
  deliveries() {
    const told = deliveries;
    deliveries = [];
    return told;
  },
};

await listen();
for await (const line of createInterface({ input: process.stdin })) {
  const [[command, argument]] = Object.entries(JSON.parse(line));
  const answer = await COMMANDS[command](argument);
  process.stdout.write(`${JSON.stringify({ [command]: answer })}\n`);
}
process.exit();
