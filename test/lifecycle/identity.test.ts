import { expect, test } from 'vitest';
import { newUuid } from '../../src/lifecycle/uuid.ts';

test('a new UUID is a random one of version 4, and another each time', () => {
  const made = Array.from({ length: 1000 }, newUuid);
  expect(made.filter((uuid) => !/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(uuid))).toEqual(
    [],
  );
  expect(new Set(made).size).toBe(1000);
});
