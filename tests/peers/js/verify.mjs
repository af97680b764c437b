// Verifies an access token as a service in JavaScript does: `node verify.mjs JWKS_URI ISSUER AUDIENCE`, with the
// token on stdin. Prints what came of it, and of tokens that are not quite right, as one JSON object.
import { text } from "node:stream/consumers";
import { createRemoteJWKSet, jwtVerify } from "jose";

const [jwksUri, issuer, audience] = process.argv.slice(2);
const token = (await text(process.stdin)).trim();
const keys = createRemoteJWKSet(new URL(jwksUri));
const expected = {
  issuer,
  audience,
  typ: "at+jwt",
  algorithms: ["ES256"],
  requiredClaims: ["exp", "iat", "sub", "jti", "client_id"],
};

async function refusal(presented, options) {
  try {
    await jwtVerify(presented, keys, options);
    return null;
  } catch (error) {
    return error.code;
  }
}

function tampered() {
  const [header, payload, signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  const changed = Buffer.from(JSON.stringify({ ...claims, scope: "admin" })).toString("base64url");
  return [header, changed, signature].join(".");
}

const { protectedHeader, payload } = await jwtVerify(token, keys, expected);
const refused = {
  tampered: await refusal(tampered(), expected),
  "another audience": await refusal(token, { ...expected, audience: "another" }),
  "another issuer": await refusal(token, { ...expected, issuer: "another" }),
  "another type": await refusal(token, { ...expected, typ: "JWT" }),
};
console.log(JSON.stringify({ header: protectedHeader, payload, refused }));
