import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instancePrefix } from '../../src/gcp/names.ts';
import { isNamedAfter } from '../../src/gcp/resources.ts';

const GUID = '12345678-90ab-cdef-1234-567890abcdef';

test.each([
  ['kt2-a', 'kt2-a', true],
  ['kt2-a', 'kt2-a-master', true],
  ['kt2-a', 'kt2-a-minion-group-x1y2', true],
  ['kt2-a', `kt2-a-${GUID}`, true],
  ['kt2-a', 'kt2-ab-master', false],
  ['kt2-a', 'kt2-a-b-master', false],
  ['kt2-09a2565a-7ac6', 'kt2-09a2565a-7ac6-anything', true],
  ['kt2-09a2565a-7ac6', 'default', false],
])('a resource of %s is named %s: %s', (prefix, name, ours) => {
  expect(isNamedAfter(prefix, name)).toBe(ours);
});

test("does not match another run's master", () => {
  const id = fc.stringMatching(/^[a-z0-9]{1,5}(-[a-z0-9]{1,4}){0,3}$/);
  fc.assert(
    fc.property(id, id, (one, other) => {
      fc.pre(instancePrefix(one) !== instancePrefix(other));
      // A run ID that contains one of kube-up's own suffixes is ambiguous.
      fc.pre(!/-(?:master|minion|default|subnet|custom|nat|heapster|influxdb|dynamic|windows)/.test(other));
      expect(isNamedAfter(instancePrefix(one), `${instancePrefix(other)}-master`)).toBe(false);
    }),
  );
});
