import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSecretName, secretMask } from '../../src/logging/secrets.ts';

const none = secretMask({});

describe('values of the environment', () => {
  const mask = secretMask({
    GITHUB_TOKEN: 'open-sesame',
    DB_PASSWORD: 'p.w+(1)$',
    MY_PASSWD: 'hunter2!',
    SHORT_TOKEN: 'abc',
    STARS_SECRET: '********',
    AWS_SECRET_ACCESS_KEY: '/wJalrXUtnFEMI+K7MDENG/bPxRfiCYEXAMPLEKEY',
    GOOGLE_APPLICATION_CREDENTIALS: '/etc/service-account/key.json',
    API_KEY: 'key-0123456789',
    PRIVATE_KEY: './id_rsa',
    TOKEN_FILE: '/etc/token-file',
    SECRET_NAME: 'my-secret-name',
    LONGER_TOKEN: 'open-sesame-and-more',
    NESTED_SECRET: 'with "quotes" and\nlines',
    HOME: '/home/prow',
    EMPTY_TOKEN: '',
    UNSET_TOKEN: undefined,
  });

  test.each([
    ['say open-sesame.', 'say ***.'],
    ['open-sesameopen-sesame', '******'],
    ['the longer one first: open-sesame-and-more', 'the longer one first: ***'],
    ['special p.w+(1)$ characters, and p_w+(1)$', 'special *** characters, and p_w+(1)$'],
    ['hunter2!', '***'],
    ['key-0123456789', '***'],
    ['/wJalrXUtnFEMI+K7MDENG/bPxRfiCYEXAMPLEKEY', '***'],
    ['url-encoded p.w%2B(1)%24', 'url-encoded ***'],
    ['in JSON "with \\"quotes\\" and\\nlines"', 'in JSON "***"'],
    ['in base64 b3Blbi1zZXNhbWU=', 'in base64 ***'],
    ['too short to tell: abc', 'too short to tell: abc'],
    [
      'a path: /etc/service-account/key.json ./id_rsa /etc/token-file',
      'a path: /etc/service-account/key.json ./id_rsa /etc/token-file',
    ],
    ['a name: my-secret-name, a home: /home/prow', 'a name: my-secret-name, a home: /home/prow'],
  ])('%j becomes %j', (text, masked) => {
    expect(mask(text)).toBe(masked);
  });

  test('of several lines are masked by line where a line is base64', () => {
    const line = 'MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7';
    expect(secretMask({ SSH_PRIVATE_KEY: `begin\n${line}\nend` })(`> ${line}\n> end`)).toBe('> ***\n> end');
  });
});

describe('shapes of secrets', () => {
  test.each([
    ['git clone https://user:pass@github.com/a/b', 'git clone https://user:***@github.com/a/b'],
    ['https://:pass@host and postgres://u:p%40ss@host:5432/db', 'https://:***@host and postgres://u:***@host:5432/db'],
    ['https://u:p@ss@host/', 'https://u:***@host/'],
    [
      'no password: https://user@host:443/ http://host:80/a@b http://[::1]:80/',
      'no password: https://user@host:443/ http://host:80/a@b http://[::1]:80/',
    ],
    ['curl -H "Authorization: Bearer abc.def" x', 'curl -H "Authorization: Bearer ***" x'],
    ["curl -H 'authorization: token abcdef'", "curl -H 'authorization: token ***'"],
    ['{"Authorization":"Basic dXNlcjpwYXNz"}', '{"Authorization":"Basic ***"}'],
    ['got Bearer ya29.a0AfH6SMBx-1234567890', 'got Bearer ***'],
    ['got Basic dXNlcjpwYXNz', 'got Basic ***'],
    [
      'the bearer of news, basic authentication, Basic networking',
      'the bearer of news, basic authentication, Basic networking',
    ],
    ['x --token=abc12345 y', 'x --token=*** y'],
    ['x --client-secret="a b c1 d2" y', 'x --client-secret="***" y'],
    ["x '--db-password=a b c1 d2' y", "x '--db-password=***' y"],
    ['x "--api-key=a b c1 d2" y', 'x "--api-key=***" y'],
    ['-password=abc12345', '-password=***'],
    ['--token-file=/a/b --secret-name=c --token-ttl=1h', '--token-file=/a/b --secret-name=c --token-ttl=1h'],
    ['--token is required; --focus=token=x', '--token is required; --focus=token=x'],
    [
      '+ export GITHUB_TOKEN=abc12345 AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      '+ export GITHUB_TOKEN=*** AWS_SECRET_ACCESS_KEY=***',
    ],
    ['TOKEN_FILE=/a SECRETS_DIR=/b', 'TOKEN_FILE=/a SECRETS_DIR=/b'],
    ['https://h/o?X-Goog-Signature=abc12345&X-Goog-Date=1', 'https://h/o?X-Goog-Signature=***&X-Goog-Date=1'],
    ['https://h/o?a=1&access_token=abc12345', 'https://h/o?a=1&access_token=***'],
    [
      '{"token": "abc12345", "id_token":"d1234567", "name":"token"}',
      '{"token": "***", "id_token":"***", "name":"token"}',
    ],
    [
      'users:\n- user:\n    token: abc12345\n    client-key-data: TUlJRXBBSUJBQUtD\n',
      'users:\n- user:\n    token: ***\n    client-key-data: ***\n',
    ],
    ['a eyJhbGciOiJSUzI1NiIsImtpZCI6.eyJpc3MiOiJrdWJlcm5ldGVz.c2ln b', 'a *** b'],
    [`ghp_${'a1'.repeat(18)} github_pat_${'b'.repeat(30)}`, '*** ***'],
    [
      'a\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIE\n-----END RSA PRIVATE KEY-----\nb',
      'a\n***\nb',
    ],
    ['"-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n"', '"***\\n"'],
    ['cut off: -----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz', 'cut off: ***'],
    [
      '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----',
      '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----',
    ],
    [
      'I1123 10:35:56.123456   12345 a.go:1] ordinary "text" <é> a=b',
      'I1123 10:35:56.123456   12345 a.go:1] ordinary "text" <é> a=b',
    ],
  ])('%j becomes %j', (text, masked) => {
    expect(none(text)).toBe(masked);
  });
});

test.each([
  ['GITHUB_TOKEN', true],
  ['db-password', true],
  ['clientSecret', true],
  ['--api-key', true],
  ['AWS_SECRET_ACCESS_KEY', true],
  ['GOOGLE_APPLICATION_CREDENTIALS', true],
  ['TOKEN_FILE', false],
  ['secretName', false],
  ['SECRETS_BACKEND', false],
  ['AUTOMOUNT_TOKEN_ENABLED', false],
  ['namespace', false],
  ['KEYBOARD', false],
])('%s is a secret name: %s', (name, secret) => {
  expect(isSecretName(name)).toBe(secret);
});

/** Texts made of fragments of the shapes, so that they meet in every way. */
const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '://',
        'u:',
        '@',
        'Bearer ',
        'Basic ',
        'Authorization: ',
        '--token=',
        'TOKEN=',
        '"',
        "'",
        ' ',
        '\n',
        '***',
        '*',
        'secret1',
        'cret',
        '?sig=',
        '&',
        'token: ',
        '"token":"',
        'ghp_',
        'eyJaaaaaaaaaa.',
        '-----BEGIN PRIVATE KEY-----',
        '-----',
        'A1b2C3d4E5f6A1b2C3d4',
        '=',
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''));

test('masking is idempotent', () => {
  fc.assert(
    fc.property(pieces, fc.array(pieces, { maxLength: 3 }), (text, values) => {
      const mask = secretMask({
        A_TOKEN: 'secret1',
        ...Object.fromEntries(values.map((value, n) => [`V${n}_SECRET`, value])),
      });
      const masked = mask(text);
      expect(mask(masked)).toBe(masked);
    }),
    { numRuns: 200 },
  );
});

test('a text keeps no value of a secret variable', () => {
  fc.assert(
    fc.property(
      pieces,
      fc.string({ minLength: 6, unit: fc.constantFrom(...'abcXYZ019.$(\\') }).map((value) => `Zq7${value}`),
      pieces,
      (before, value, after) => {
        expect(secretMask({ A_TOKEN: value })(`${before}${value}${after}`)).not.toContain(value);
      },
    ),
    { numRuns: 100 },
  );
});

test.each([
  '-',
  'A',
  ' ',
  '\n',
  '://a:',
  "'--token=",
  'authorization: ',
  '-----BEGIN PRIVATE KEY-----',
  'TOKEN_',
  'eyJaaaaaaaaaa.',
  'basic b',
])('the time for a long text of %j is linear in its length', (unit) => {
  // Milliseconds as it is; minutes, were the time to grow with the square of the length.
  const text = unit.repeat(200_000 / unit.length);
  const start = performance.now();
  none(text);
  expect(performance.now() - start).toBeLessThan(4000);
});
