import { expect, test } from 'vitest';
import { statusOf } from '../../src/gcs/error-status.ts';

test.each([
  [{ code: 503 }, 503],
  [{ code: '404' }, 404],
  [{ status: 503 }, 503],
  [{ code: 'ERR_BAD_RESPONSE', response: { status: 503 } }, 503],
  [{ response: { statusCode: 429 } }, 429],
  [{ code: undefined, response: {} }, undefined],
  [{ code: null }, undefined],
  [{ code: '' }, undefined],
  [{ code: 'ECONNRESET' }, undefined],
  [{}, undefined],
])('the status of an error with %j is %j', (fields, status) => {
  expect(statusOf(Object.assign(new Error('no'), fields))).toBe(status);
});

test('what is no error has no status', () => {
  expect(statusOf(undefined)).toBeUndefined();
  expect(statusOf({ code: 503 })).toBeUndefined();
});
