/**
 * The HTTP status of an error of the client library, which has it as `code`, as `status` or in the response it carries,
 * depending on the layer that failed. Undefined when there was no response.
 */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const response: unknown = 'response' in error ? error.response : undefined;
  return [error, response]
    .flatMap((each) => ['code', 'status', 'statusCode'].map((name) => statusIn(each, name)))
    .find(Boolean);
}

function statusIn(holder: unknown, name: string): number | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined;
  const value: unknown = Reflect.get(holder, name);
  const status = typeof value === 'number' || (typeof value === 'string' && /^\d{3}$/.test(value)) ? Number(value) : 0;
  return status >= 100 && status < 600 ? status : undefined;
}
