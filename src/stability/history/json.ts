/** A JSON value of a file that anyone may have written, read without trusting its shape. */
export class Json {
  readonly #value: unknown;

  private constructor(value: unknown) {
    this.#value = value;
  }

  static readonly nothing = new Json(undefined);

  /** A text that is no JSON is nothing. */
  static parse(text: string): Json {
    try {
      return new Json(JSON.parse(text));
    } catch {
      return Json.nothing;
    }
  }

  at(...keys: readonly (string | number)[]): Json {
    let value = this.#value;
    for (const key of keys) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return Json.nothing;
      value = (value as Readonly<Record<string | number, unknown>>)[key];
    }
    return new Json(value);
  }

  get isThere(): boolean {
    return this.#value !== undefined && this.#value !== null;
  }

  /** Empty for what is neither a string nor a number. */
  get text(): string {
    return typeof this.#value === 'string' || typeof this.#value === 'number' ? String(this.#value) : '';
  }

  get number(): number | undefined {
    return typeof this.#value === 'number' && Number.isFinite(this.#value) ? this.#value : undefined;
  }

  get boolean(): boolean | undefined {
    return typeof this.#value === 'boolean' ? this.#value : undefined;
  }

  /** Empty for what is no list. */
  get items(): readonly Json[] {
    return Array.isArray(this.#value) ? this.#value.map((each) => new Json(each)) : [];
  }

  get entries(): readonly (readonly [key: string, value: Json])[] {
    if (typeof this.#value !== 'object' || this.#value === null) return [];
    return Object.entries(this.#value).map(([key, value]) => [key, new Json(value)]);
  }
}
