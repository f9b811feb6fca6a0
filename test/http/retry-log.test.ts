import { afterEach, expect, test, vi } from 'vitest';
import type { Log } from '../../src/api/log.ts';
import { DEFAULT_RETRY_POLICY, FetchError, type RetryPolicy, retry } from '../../src/http/retry.ts';
import { tellRetries } from '../../src/http/retry-log.ts';
import { opened } from '../helpers/downloader.ts';
import { object, published, serve, status } from '../helpers/servers/files.ts';

afterEach(() => void vi.useRealTimers());

const never = new AbortController().signal;

function told() {
  const warnings: string[] = [];
  const events: Readonly<Record<string, unknown>>[] = [];
  const none = () => undefined;
  const warn = (line: string) => void warnings.push(line);
  const log: Log = { info: none, warn, error: none, detail: none, progress: none, interactive: false };
  const records = { event: (event: string, fields: object) => void events.push({ event, ...fields }) };
  return { warnings, events, onRetry: tellRetries({ log, records }) };
}

/** Fails an attempt with each message in turn, then succeeds. */
async function failing(messages: readonly string[], policy: RetryPolicy): Promise<string> {
  const left = [...messages];
  const attempt = async () => {
    const message = left.shift();
    if (message !== undefined) throw new FetchError(message, { retryable: true });
    return 'done';
  };
  return await retry(attempt, policy, never);
}

const QUICK = { ...DEFAULT_RETRY_POLICY, delay: 1, maxDelay: 1 };

test('a retry is logged with its number, and recorded with what failed and why', async () => {
  const { warnings, events, onRetry } = told();
  expect(await failing(['GET https://host/x failed: 503'], { ...QUICK, onRetry })).toBe('done');
  expect(warnings).toEqual(['GET https://host/x failed: 503; retry 2 of 6 in 0.0s']);
  expect(events).toEqual([
    {
      event: 'retry',
      what: 'https://host/x',
      try: 2,
      of: 6,
      delay: expect.any(Number),
      cause: 'GET https://host/x failed: 503',
    },
  ]);
});

test('two retries of one thing are logged, and those after them once a minute; each is recorded', () => {
  vi.useFakeTimers({ toFake: ['performance', 'Date', 'hrtime'] });
  const { warnings, events, onRetry } = told();
  const again = (what: string) => onRetry({ what, attempt: 2, of: 6, delay: 1000, cause: `${what} failed` });
  for (let time = 0; time < 5; time++) again('https://host/x');
  again('https://host/y');
  expect(warnings).toEqual([
    'https://host/x failed; retry 2 of 6 in 1.0s',
    'https://host/x failed; retry 2 of 6 in 1.0s',
    'https://host/y failed; retry 2 of 6 in 1.0s',
  ]);
  vi.advanceTimersByTime(61_000);
  again('https://host/x');
  expect(warnings).toHaveLength(4);
  expect(events).toHaveLength(7);
});

test('a failure that is not retried is not told as a retry', async () => {
  const { warnings, onRetry } = told();
  await expect(failing(Array(9).fill('no'), { ...QUICK, attempts: 3, onRetry })).rejects.toThrow('gave up after 3');
  expect(warnings).toHaveLength(2);
});

test('a download says that it tries again', async () => {
  const bytes = Buffer.from('content');
  const good = object(bytes);
  const server = await serve({
    ...published('/file', bytes),
    '/file': (request, response, time) => (time < 2 ? status(503) : good)(request, response, time),
  });
  const { acquirer, warnings, events, signal } = opened();
  await acquirer.file(`${server.url}/file`, { signal });
  expect(warnings.filter((line) => line.includes('retry 2 of 4'))).toHaveLength(1);
  expect(events).toContainEqual({ event: 'retry', fields: expect.objectContaining({ what: `${server.url}/file` }) });
});
