import fc from 'fast-check';
import { expect, test } from 'vitest';
import { builtImageOf, clusterNameOf } from '../../../deployers/kind/names.ts';

test.each([
  ['1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed', 'kind-1b9d6bcd-bbfd'],
  ['r1', 'kind-r1'],
  ['a', 'kind-a'],
  ['Nightly_1', 'kind-nightly-1-'],
  ['_', 'kind-'],
])('the cluster of run %s has a name that starts with %s', (runId, start) => {
  expect(clusterNameOf(runId)).toMatch(new RegExp(`^${start}[0-9a-f]{0,12}$`));
});

const runIds = fc.oneof(
  fc.uuid(),
  fc.string({ minLength: 1, maxLength: 200 }),
  fc.stringMatching(/^[a-zA-Z0-9_.-]{1,60}$/),
);

test('every cluster name is valid for kind, and short enough for the host name of a node', () => {
  fc.assert(
    fc.property(runIds, (runId) => {
      expect(clusterNameOf(runId)).toMatch(/^kind-[a-z0-9-]*[a-z0-9]$/);
      expect(`${clusterNameOf(runId)}-external-load-balancer`.length).toBeLessThanOrEqual(63);
    }),
  );
});

test('every image name is valid for docker', () => {
  fc.assert(
    fc.property(runIds, (runId) => {
      expect(builtImageOf(runId)).toMatch(/^kindest\/node:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/);
    }),
  );
});

test('different runs have different names', () => {
  fc.assert(
    fc.property(runIds, runIds, (one, other) => {
      fc.pre(one !== other);
      expect(clusterNameOf(one)).not.toBe(clusterNameOf(other));
      expect(builtImageOf(one)).not.toBe(builtImageOf(other));
    }),
  );
});
