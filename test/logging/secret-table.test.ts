import { expect, test } from 'vitest';
import { secretMask } from '../../src/logging/secrets.ts';

/** Stands for the secret in each shape. */
const S = 'Zq7rKv0Wp3Xn9LtB';
const HEX = '0123456789abcdef0123456789abcdef01234567';
const LETTERS = 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5';
const B64 = 'dXNlcjpacTdyS3YwV3AzWG45THRC';

/** A text, and its secret where that is not S. */
const SHAPES: readonly (readonly [text: string, secret?: string])[] = [
  // Flags and arguments
  [`--token=${S}`],
  [`--token ${S}`],
  [`kubectl --token "${S}" get pods`],
  [`true,--password,${S}`],
  [`["true","--token","${S}"]`],
  [`["true", "--token", "${S}"]`],
  [`[ 'x', '--client-secret', '${S}' ]`],
  [`-password ${S}`],
  [`'--api-key=${S} and more'`, S],
  [`--set=auth.token=${S},replicas=3`],
  [`--metadata=MY_TOKEN=${S}`],
  [`--env GITHUB_PAT=${S}`],
  [`--access-key ${S} --region eu`],
  [`--db-passwd=${S}`],
  [`--token $'${S}'`],
  [`kubeadm join --certificate-key ${HEX}`, HEX],
  // Variables
  [`export TOKEN=${S}`],
  [`DB_PASS=${S} ./run`],
  [`MYSQL_PWD='${S}'`],
  [`NPM_AUTH="${S}"`],
  [`AZURE_PAT=${S}`],
  [`AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY`, 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
  [`SIGNING_KEY: ${S}`],
  [`clientSecret=${S}`],
  [`os.environ["API_TOKEN"] = "${S}"`],
  [`set -x; + PGPASSWORD=${S}`],
  // JSON
  [`{"password":"${S}"}`],
  [`{"password" : "${S}"}`],
  [`{"password":\t"${S}"}`],
  [`{"password":"ab\\"${S}"}`],
  [`{"password":"pass word ${S}"}`],
  [`{\\"token\\":\\"${S}\\"}`],
  [`{\\"token\\": \\"ab\\\\\\"${S}\\"}`],
  [`{\\\\\\"secret\\\\\\":\\\\\\"${S}\\\\\\"}`],
  [`{"accessToken": "${S}", "x": 1}`],
  [`{"private_key_data":"x","privateKey":"${S}"}`],
  [`{'api_key': '${S}'}`],
  [`{"auths":{"gcr.io":{"auth":"${B64}"}}}`, B64],
  [`{"identitytoken":"${S}"}`],
  [`{"name":"DB_PASSWORD","value":"${S}"}`],
  [`{"password": "cut off ${S}`],
  // YAML
  [`password: ${S}`],
  [`  password: "${S}"`],
  [`  password: 'it''s ${S}'`],
  [`- token:   ${S}`],
  [`"token": ${S}`],
  [`password: two words ${S}`],
  [`tls.key: ${B64}`, B64],
  [`client-key-data: ${B64}`, B64],
  [`.dockerconfigjson: ${B64}`, B64],
  [`  secret: |\n    ${S}\n    more\nnext: 1`],
  [`  - name: DB_PASSWORD\n    value: ${S}`],
  [`ssh-privatekey: ${B64}`, B64],
  // Other formats
  [`password = ${S}`],
  [`Token:"${S}"`],
  [`<password>${S}</password>`],
  [`machine h login u password ${S}`],
  [`Server=x;Password=${S};Database=y`],
  [`//registry.npmjs.org/:_authToken=${S}`],
  [`//registry.npmjs.org/:_password=${B64}`, B64],
  [`AccountName=x;AccountKey=${B64}==;Endpoint=y`, B64],
  // URLs
  [`https://user:${S}@host/path`],
  [`https://x-access-token:${S}@github.com/a/b`],
  [`https://${HEX}@github.com/a/b`, HEX],
  [`https://:${S}@host`],
  [`redis://:${S}@host:6379/0`],
  [`https://h/o?password=${S}`],
  [`https://h/o?a=1&token=${S}&b=2`],
  [`https://h/o?client_secret=${S}`],
  [`https://h/o?client_id=x&amp;client_secret=${S}`],
  [`https://h/o?refresh_token=${S}#x`],
  [`https://h/o?X-Amz-Signature=${HEX}`, HEX],
  [`https://h/o?sv=1&sig=${S}%3D`],
  [`https://hooks.slack.com/services/T00000000/B00000000/${S}`],
  // Headers
  [`curl -u user:${S} https://h`],
  [`curl --user user:${S} https://h`],
  [`curl -uuser:${S} https://h`],
  [`["curl","-u","user:${S}"]`],
  [`Authorization: Bearer ${S}`],
  [`authorization: token ${S}`],
  [`-H 'Authorization: Basic ${B64}'`, B64],
  [`{"Authorization":["Bearer ${S}"]}`],
  [`Proxy-Authorization: Basic ${B64}`, B64],
  [`Authorization: ${S}`],
  [`PRIVATE-TOKEN: ${S}`],
  [`X-Vault-Token: ${S}`],
  [`x-auth-token:${S}`],
  [`Authorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=c, Signature=${HEX}`, HEX],
  [`Set-Cookie: session=${S}; Path=/`],
  // Kinds of tokens
  [`ghp_${LETTERS}`, LETTERS],
  [`ghs_${LETTERS}`, LETTERS],
  [`github_pat_11ABCDEFG0_${LETTERS}`, LETTERS],
  [`glpat-${S}1234`, S],
  [`npm_${LETTERS}`, LETTERS],
  [`xoxb-123456789012-123456789012-${S}`],
  [`xapp-1-A012345-${S}`],
  [`AKIAIOSFODNN7EXAMPLE`, 'IOSFODNN7EXAMPLE'],
  [`ASIAIOSFODNN7EXAMPLE`, 'IOSFODNN7EXAMPLE'],
  [`AIza${LETTERS.slice(0, 35)}`, LETTERS.slice(0, 35)],
  [`ya29.${LETTERS}`, LETTERS],
  [`1//0${LETTERS}`, LETTERS],
  [`GOCSPX-${LETTERS}`, LETTERS],
  [`dckr_pat_${LETTERS}`, LETTERS],
  [`abcdef.0123456789abcdef`, '0123456789abcdef'],
  [`hvs.${LETTERS}`, LETTERS],
  [`eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlIn0.${S}`],
  [`-----BEGIN RSA PRIVATE KEY-----\n${B64}\n-----END RSA PRIVATE KEY-----`, B64],
  [`${B64}\n${B64}\n-----END RSA PRIVATE KEY-----`, B64],
  [`-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${B64}\n-----END PGP PRIVATE KEY BLOCK-----`, B64],
];

const INNOCENTS = [
  'TOKENIZER=default',
  'TOKENIZERS_PARALLELISM=false',
  'PWD=/home/prow/go/src/k8s.io/kubernetes',
  'OLDPWD=/home/prow',
  'PATH=/usr/local/bin:/usr/bin:/bin',
  'GOOGLE_APPLICATION_CREDENTIALS=/etc/service-account/service-account.json',
  'SSH_AUTH_SOCK=/tmp/ssh-XXXX/agent.123',
  'TOKEN_TTL=3600s',
  'MAX_TOKENS=1000000000',
  'PASSWORD_MIN_LENGTH=12',
  'TOKEN_URL=https://oauth2.googleapis.com/token',
  'SECRET=true',
  'TOKEN=12345678',
  'AUTH=disabled',
  'AUTHOR=Jane-Doe-1234567',
  'KEYBOARD=querty12345',
  'PATTERN=Conformance.Networking12',
  '--token-file /var/run/secrets/kubernetes.io/serviceaccount/token',
  '--token /var/run/secrets/kubernetes.io/serviceaccount/token',
  '--token is required',
  '--token string   Bearer token for authentication to the API server',
  '--secret-name my-secret-1234567',
  '--authorization-mode=Node,RBAC',
  '--discovery-token-ca-cert-hash sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  '--ginkgo.focus=Secrets.should.be.consumable',
  '--service-account-signing-key-file=/etc/kubernetes/pki/sa.key',
  '--ssh-key-path ~/.ssh/id_rsa',
  '{"token": null, "password": ""}',
  '{"secretName": "default-token-abc12"}',
  '{"automountServiceAccountToken": false}',
  '{"nextPageToken": ""}',
  '    secretName: my-certs-2024a',
  '    secret: my-volume-secret',
  'imagePullSecrets:\n- name: registry-cred1',
  'token: expired',
  'error: invalid token: unexpected end of input at line 12',
  'password: must not be empty',
  'Error: secret "db-creds1" not found',
  'secret/db-credentials1 created',
  'https://user@host:443/path',
  'https://kubernetes.io/docs/concepts/configuration/secret/',
  'https://storage.googleapis.com/kubernetes-release/release/v1.36.1/bin/linux/amd64/e2e.test',
  'docker run -u 1000:1000 image',
  'docker run -u root:root image',
  'the bearer of news, basic authentication, Basic networking',
  'Authorization: required',
  'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  '[sig-auth] ServiceAccounts should mount an API token into pods [Conformance]',
  'commit 0123456789abcdef0123456789abcdef01234567',
  'token := getTokenFromFile(ctx)',
  'PASSWORD=${DB_PASSWORD}',
  'TOKEN=$(cat /etc/token)',
  'API_KEY=<your-api-key>',
  'E2E_TOKEN_ENV=GITHUB_TOKEN',
  'node-1.us-central1.internal.example.com',
  'I1123 10:35:56.123456   12345 token_manager.go:121] "Tokens rotated" count=12',
  '-----BEGIN CERTIFICATE-----\nMIIEdXNlcjpacTdyS3Yw\n-----END CERTIFICATE-----',
  'authentication.k8s.io/v1beta1 tokenreviews',
  'keys: 12345678 tokens/s: 1234.5678',
];

const mask = secretMask({});

test.each(SHAPES.map(([text, secret = S]) => [text, secret] as const))('%j is masked', (text, secret) => {
  expect(mask(text)).not.toContain(secret);
  expect(mask(text)).toContain('***');
  expect(mask(`before ${text}\nafter`)).toMatch(/^before [\s\S]*\nafter$/);
});

test.each(SHAPES.map(([text, secret = S]) => [text, secret] as const))(
  '%j is masked in the middle of a log',
  (text, secret) => {
    const masked = mask(`I1123 10:35:56 first line\n${text}\nlast line`);
    expect(masked).not.toContain(secret);
    expect(masked).toMatch(/^I1123 10:35:56 first line\n[\s\S]*last line$/);
  },
);

test.each(INNOCENTS)('%j stays', (text) => {
  expect(mask(text)).toBe(text);
  expect(mask(`before\n${text}\nafter`)).toBe(`before\n${text}\nafter`);
});

test('the table has 100 shapes and 50 innocents', () => {
  expect(SHAPES.length).toBeGreaterThanOrEqual(100);
  expect(INNOCENTS.length).toBeGreaterThanOrEqual(50);
});

test.each([
  'TOKEN',
  'MY_SECRET',
  'DB_PASSWORD',
  'DB_PASSWD',
  'MYSQL_PWD',
  'AZURE_PAT',
  'NPM_AUTH',
  'CREDENTIALS',
  'PRIVATE_KEY',
  'API_KEY',
  'ACCESS_KEY_X',
])('the value of $%s is masked wherever it stands', (name) => {
  expect(secretMask({ [name]: S })(`a ${S} b`)).toBe('a *** b');
});

test.each([
  ['TOKENIZER', 'default'],
  ['PWD', '/home/me/Zq7rKv0W'],
  ['OLDPWD', 'Zq7rKv0Wp3'],
  ['AUTHOR', 'Zq7rKv0Wp3'],
  ['PATH', 'Zq7rKv0Wp3'],
  ['MY_TOKEN', 'short12'],
  ['MY_TOKEN', 'kubernetes'],
  ['MY_TOKEN', '1234567890'],
  ['MY_SECRET', 'https://host/path'],
])('the value of $%s=%s is no secret', (name, value) => {
  expect(secretMask({ [name]: value })(`a ${value} b`)).toBe(`a ${value} b`);
});
