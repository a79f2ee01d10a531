// The certified OpenID provider of npm's oidc-provider: node op.mjs MODULES FOLDER
// FOLDER/settings.json says port and addresses; FOLDER/accounts.json is read again at every look-up, so that a test can
// disable somebody, or change their groups. Any password signs in; keys are made anew at each start.
import { readFileSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync, randomUUID } from 'node:crypto';

const [, , modules, folder] = process.argv;
const { Provider } = await import(`${modules}/oidc-provider/lib/index.js`);
const settings = JSON.parse(readFileSync(`${folder}/settings.json`, 'utf8'));
const accounts = () => JSON.parse(readFileSync(`${folder}/accounts.json`, 'utf8'));
const issuer = `http://localhost:${settings.port}`;
const own = (name, options, alg) => ({
  ...generateKeyPairSync(name, options).privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg,
});
const common = {
  redirect_uris: [`${settings.base}/oidc-login`, `${settings.base}/login/external-login`],
  post_logout_redirect_uris: [`${settings.base}/login`],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  backchannel_logout_uri: `${settings.base}/login/backchannel-logout/${settings.name}`,
  backchannel_logout_session_required: true,
};
const provider = new Provider(issuer, {
  clients: [
    { client_id: 'patgate', client_secret: 'a secret: of / two % sides', ...common },
    { client_id: 'patgate-post', client_secret: 'posted', token_endpoint_auth_method: 'client_secret_post', ...common,
      backchannel_logout_session_required: false },
    { client_id: 'patgate-public', token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'ES256', ...common },
    ...(settings.key ? [{
      client_id: 'patgate-key', token_endpoint_auth_method: 'private_key_jwt', id_token_signed_response_alg: 'EdDSA',
      jwks: { keys: [settings.key] }, ...common,
    }] : []),
  ],
  jwks: { keys: [
    own('rsa', { modulusLength: 2048 }, 'RS256'), own('ec', { namedCurve: 'P-256' }, 'ES256'), own('ed25519', {}, 'EdDSA'),
  ] },
  pkce: { required: () => true },
  scopes: ['openid', 'offline_access', 'profile', 'email', 'groups'],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'], groups: ['groups', 'realm_access'] },
  conformIdTokenClaims: Boolean(settings.conforms),
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'], clientAuthSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
  features: {
    devInteractions: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    backchannelLogout: { enabled: true },
    resourceIndicators: {
      enabled: Boolean(settings.audience),
      defaultResource: () => settings.audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: 'openid', audience: settings.audience, accessTokenFormat: 'jwt', accessTokenTTL: 600 }),
    },
  },
  ttl: { AccessToken: 600, IdToken: 600, RefreshToken: 3600, Session: 3600, Grant: 3600, Interaction: 600 },
  rotateRefreshToken: true,
  issueRefreshToken: async (context, client, code) => code.scopes.has('offline_access'),
  // Its guard against calls to the own machine is in the dispatcher.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  findAccount: async (context, id) => {
    const account = accounts()[id];
    if (!account || account.disabled) return undefined;
    return { accountId: id, claims: async () => ({ sub: account.sub ?? id, preferred_username: id, ...account }) };
  },
  cookies: { keys: ['only for tests'] },
});
provider.on('server_error', (context, error) => console.error('server_error', error));
provider.on('grant.error', (context, error) => console.error('grant.error', error.message, error.error_description ?? ''));
provider.on('backchannel.error', (context, error) => console.error('backchannel.error', error.message, error.cause));
const server = provider.listen(settings.port, '127.0.0.1', () => writeFileSync(`${folder}/ready`, ''));
process.on('SIGTERM', () => { server.closeAllConnections(); server.close(() => process.exit(0)); });
