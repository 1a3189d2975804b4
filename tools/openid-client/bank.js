// A bank asks a firm and uses what it granted. Reads one line of JSON: `issuer`, `clientId`, `kid`,
// `jwk` (private), `redirectUri`, `details` (for the firm), `own` (for itself). Prints the address for
// the firm's browser, reads where that came back to, and prints what it obtained.
import * as oauth from "openid-client";
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => (await lines.next()).value;
const given = JSON.parse(await next());

const algorithm = { name: "ECDSA", namedCurve: "P-256" };
const key = await crypto.subtle.importKey("jwk", given.jwk, algorithm, false, ["sign"]);
const config = await oauth.discovery(
  new URL(given.issuer),
  given.clientId,
  undefined,
  oauth.PrivateKeyJwt({ key, kid: given.kid }),
  { algorithm: "oauth2", execute: [oauth.allowInsecureRequests] },
);
const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair("ES256"));

const verifier = oauth.randomPKCECodeVerifier();
const state = oauth.randomState();
const parameters = {
  redirect_uri: given.redirectUri,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  authorization_details: JSON.stringify(given.details),
};
const address = await oauth.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
console.log(JSON.stringify({ address: address.href }));

const checks = { pkceCodeVerifier: verifier, expectedState: state };
const back = new URL(await next());
const granted = await oauth.authorizationCodeGrant(config, back, checks, undefined, { DPoP });
const refreshed = await oauth.refreshTokenGrant(config, granted.refresh_token, {}, { DPoP });
const own = await oauth.clientCredentialsGrant(
  config,
  { authorization_details: JSON.stringify(given.own) },
  { DPoP },
);
const before = await oauth.tokenIntrospection(config, own.access_token);
await oauth.tokenRevocation(config, own.access_token);
const after = await oauth.tokenIntrospection(config, own.access_token);

// a browser that was led back by another server
const mixed = new URL(back);
mixed.searchParams.set("iss", "https://other.example");
let mixUp = "accepted";
try {
  await oauth.authorizationCodeGrant(config, mixed, checks, undefined, { DPoP });
} catch (error) {
  mixUp = error.code ?? error.name;
}
console.log(JSON.stringify({ granted, refreshed, own, before, after, mixUp }));
process.exit(0);
