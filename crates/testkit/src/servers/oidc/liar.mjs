// An OpenID provider that lies, of npm's oauth2-mock-server: node liar.mjs MODULES FOLDER PORT
// FOLDER/lie names the lie, FOLDER/claims what tokens say beside or instead (null: not at all); both are read at every request.
// Nobody is asked for a password.
import { readFileSync, writeFileSync } from 'node:fs';
import { createHmac } from 'node:crypto';

const [, , modules, folder, port] = process.argv;
const { OAuth2Server } = await import(`${modules}/oauth2-mock-server/dist/index.mjs`);
const lie = () => readFileSync(`${folder}/lie`, 'utf8').trim();
const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
await server.start(Number(port), 'localhost');
const now = () => Math.floor(Date.now() / 1000);
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
let last;

server.service.on('beforeTokenSigning', (token) => {
  Object.assign(token.payload, { sub: 'mallory', preferred_username: 'mallory', name: 'M', email: 'm@example.org', groups: ['everybody'] });
  const lies = {
    expired: { exp: now() - 3600 }, audience: { aud: 'someone-else' }, issuer: { iss: 'http://evil.example' },
    nonce: { nonce: 'another' }, future: { iat: now() + 3600 }, audiences: { aud: ['patgate', 'someone-else'] },
    party: { azp: 'someone-else' }, nameless: { preferred_username: undefined }, known: { preferred_username: 'admin' },
    odd: { preferred_username: 'аdmin' }, userinfo: { name: undefined },
  };
  Object.assign(token.payload, lies[lie()] ?? {}, JSON.parse(readFileSync(`${folder}/claims`, 'utf8')));
  for (const name in token.payload) if (token.payload[name] === null) delete token.payload[name];
});
server.service.on('beforeResponse', (response) => {
  const told = response.body;
  if (!told.id_token) return;
  const [header, payload, signature] = told.id_token.split('.');
  switch (lie()) {
    case 'unsigned': told.id_token = `${part({ alg: 'none' })}.${payload}.`; break;
    case 'signature': told.id_token = `${header}.${payload}.${signature.slice(0, -8)}AAAAAAAA`; break;
    case 'claims': {
      const claims = JSON.parse(Buffer.from(payload, 'base64url'));
      told.id_token = `${header}.${part({ ...claims, sub: 'root' })}.${signature}`;
      break;
    }
    case 'public-key': {
      const key = server.issuer.keys.toJSON()[0];
      const text = `${part({ alg: 'HS256', kid: key.kid })}.${payload}`;
      told.id_token = `${text}.${createHmac('sha256', key.n).update(text).digest('base64url')}`;
      break;
    }
    case 'no-id-token': delete told.id_token; break;
    case 'replayed': last ??= told.id_token; told.id_token = last; break;
    case 'refuses': response.statusCode = 400; response.body = { error: 'invalid_grant', error_description: 'the code\nwas used' }; break;
    case 'broken': response.statusCode = 500; response.body = {}; break;
    case 'huge': told.filler = 'x'.repeat(2 * 1024 * 1024); break;
  }
});
writeFileSync(`${folder}/ready`, '');
