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
])('parses feature gates %j', async (value, gates) => {
  expect(await parseFeatureGates(value)).toEqual(gates);
});

test.each(['A', '[A]', '{A: maybe}', '{A: {}}', 'A=true,B', '{A', 'A=1.5'])(
  'rejects feature gates %j',
  async (value) => {
    await expect(parseFeatureGates(value)).rejects.toThrow(/^invalid --feature-gates/);
  },
);

test('the values of a runtime config are strings, as the API server requires', async () => {
  expect(await parseRuntimeConfig('{"api/alpha": "false", "resource.k8s.io/v1beta1": true}')).toEqual({
    'api/alpha': 'false',
    'resource.k8s.io/v1beta1': 'true',
  });
  expect(await parseRuntimeConfig('api/all=true')).toEqual({ 'api/all': 'true' });
});

test('parses every JSON map of booleans', async () => {
  const gates = fc.dictionary(fc.stringMatching(/^[A-Za-z]+$/), fc.boolean());
  await fc.assert(
    fc.asyncProperty(gates, async (map) => {
      expect({ ...(await parseFeatureGates(JSON.stringify(map))) }).toEqual({ ...map });
    }),
  );
});
