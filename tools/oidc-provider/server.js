// An authorization server for one bank: client credentials, private_key_jwt, DPoP, JWT access tokens.
//
// Arguments: port, the bank's public key (JWK), audience of the tokens, claims of the tokens (JSON).

import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, bankKey, audience, claims] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signing = { ...privateKey.export({ format: 'jwk' }), kid: 'signing', alg: 'ES256', use: 'sig' };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'bank-1',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [JSON.parse(bankKey)] },
  }],
  jwks: { keys: [signing] },
  extraTokenClaims: () => JSON.parse(claims),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      getResourceServerInfo: () => ({
        scope: 'credit:TAX_PAYMENT:read',
        audience,
        accessTokenTTL: 300,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});
provider.listen(Number(port), '127.0.0.1');
