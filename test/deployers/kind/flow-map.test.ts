import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFeatureGates, parseRuntimeConfig } from '../../../deployers/kind/flow-map.ts';

test.each([
  ['{"A": true, "B": false}', { A: true, B: false }],
  ['{A: true}', { A: true }],
  ['A: true\nB: "false"', { A: true, B: false }],
  ['A=true,B=false', { A: true, B: false }],
  ['AllAlpha=true', { AllAlpha: true }],
  ['{}', {}],
])('feature gates %j', async (typed, gates) => {
  expect(await parseFeatureGates(typed)).toEqual(gates);
});

test.each(['A', '[A]', '{A: maybe}', '{A: {}}', 'A=true,B', '{A', 'A=1.5'])(
  'feature gates %j are refused',
  async (typed) => {
    await expect(parseFeatureGates(typed)).rejects.toThrow(/^--feature-gates: /);
  },
);

test('the values of a runtime config are strings, as the API server wants them', async () => {
  expect(await parseRuntimeConfig('{"api/alpha": "false", "resource.k8s.io/v1beta1": true}')).toEqual({
    'api/alpha': 'false',
    'resource.k8s.io/v1beta1': 'true',
  });
  expect(await parseRuntimeConfig('api/all=true')).toEqual({ 'api/all': 'true' });
});

test('what JSON says is what is read', async () => {
  const gates = fc.dictionary(fc.stringMatching(/^[A-Za-z]+$/), fc.boolean());
  await fc.assert(
    fc.asyncProperty(gates, async (map) => {
      expect({ ...(await parseFeatureGates(JSON.stringify(map))) }).toEqual({ ...map });
    }),
  );
});
