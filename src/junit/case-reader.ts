import { type Kind, kindOf } from './elements.ts';
import type { JunitCase, JunitFailure, JunitSuite, JunitVisitor, KeptSizes } from './suite.ts';
import type { XmlHandler } from './xml/scanner.ts';
import { XmlError } from './xml/xml-error.ts';

type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** A file whose suite has more of them is not read further into memory. */
const MOST_PROPERTIES = 1000;
/** Bytes of a number or a date. */
const NUMBER = 64;

/** Turns elements into cases, and keeps of them what was asked for. */
export class CaseReader implements XmlHandler {
  readonly #visitor: JunitVisitor;
  readonly #keep: KeptSizes;
  readonly #kinds: Kind[] = [];
  readonly #suites: Draft<JunitSuite>[] = [];
  #kind: Kind | 'root' = 'root';
  #case: Draft<JunitCase> = emptyCase();
  #failure: Draft<JunitFailure> = emptyFailure();
  #property = { name: '', value: '' };

  constructor(visitor: JunitVisitor, keep: KeptSizes) {
    this.#visitor = visitor;
    this.#keep = keep;
  }

  open(name: string): void {
    this.#kind = kindOf(name, this.#kind);
    this.#kinds.push(this.#kind);
    if (this.#kinds.length === 1 && this.#kind === 'other') {
      throw new XmlError('unsupported', `it has no <testsuites> and no <testsuite> but <${name}>`);
    }
    this.#begin();
  }

  #begin(): void {
    if (this.#kind === 'suite') this.#suites.push(emptySuite());
    else if (this.#kind === 'case') this.#case = emptyCase();
    else if (this.#kind === 'failure') this.#failure = emptyFailure();
    else if (this.#kind === 'skipped') this.#case.skipped = '';
    else if (this.#kind === 'property') this.#property = { name: '', value: '' };
  }

  keepAttribute(name: string): number {
    switch (this.#kind) {
      case 'case':
        return this.#sizeOf(name, NAMES, DETAILS[this.#keep.details]);
      case 'suite':
        return this.#sizeOf(name, NAMES, NONE);
      case 'failure':
      case 'skipped':
        return this.#sizeOf(name, REASON, NONE);
      case 'property':
        return this.#keepsProperty ? this.#sizeOf(name, PROPERTY, NONE) : 0;
      default:
        return 0;
    }
  }

  #sizeOf(name: string, lines: ReadonlySet<string>, details: ReadonlySet<string>): number {
    if (lines.has(name) || details.has(name)) return this.#keep.line;
    return NUMBERS.has(name) ? NUMBER : 0;
  }

  attribute(name: string, value: string): void {
    if (this.#kind === 'case') setOnCase(this.#case, name, value);
    else if (this.#kind === 'suite') setOnSuite(this.#suites.at(-1), name, value);
    else if (this.#kind === 'failure') this.#failure[name === 'type' ? 'type' : 'message'] = value;
    else if (this.#kind === 'skipped' && name === 'message') this.#case.skipped = value;
    else if (this.#kind === 'property') this.#property[name === 'name' ? 'name' : 'value'] = value;
  }

  keepText(): number {
    switch (this.#kind) {
      case 'failure':
        return this.#keep.failure;
      case 'skipped':
        return this.#case.skipped === '' ? this.#keep.line : 0;
      case 'out':
      case 'err':
        return this.#keep.output;
      case 'suite':
        return this.#beginSuite();
      case 'property':
        return this.#keepsProperty && this.#property.value === '' ? this.#keep.line : 0;
      default:
        return 0;
    }
  }

  /** Its attributes are known. */
  #beginSuite(): 0 {
    const suite = this.#suites.at(-1);
    if (suite) this.#visitor.suite?.(suite, this.#suites.at(-2));
    return 0;
  }

  text(text: string): void {
    if (this.#kind === 'failure') this.#failure.text = text;
    else if (this.#kind === 'skipped') this.#case.skipped = text;
    else if (this.#kind === 'out') this.#case.systemOut = joined(this.#case.systemOut, text, this.#keep.output);
    else if (this.#kind === 'err') this.#case.systemErr = joined(this.#case.systemErr, text, this.#keep.output);
    else if (this.#kind === 'property') this.#property.value = text;
  }

  close(): void {
    if (this.#kind === 'case') this.#endCase();
    else if (this.#kind === 'suite') this.#suites.pop();
    else if (this.#kind === 'failure') this.#addFailure();
    else if (this.#kind === 'retried') this.#case.flaky = true;
    else if (this.#kind === 'property') this.#addProperty();
    this.#kinds.pop();
    this.#kind = this.#kinds.at(-1) ?? 'root';
  }

  /** The case or suite of the current property. */
  get #owner(): Draft<JunitCase> | Draft<JunitSuite> | undefined {
    return this.#kinds.at(-3) === 'case' ? this.#case : this.#suites.at(-1);
  }

  get #keepsProperty(): boolean {
    return this.#keep.details === 'all' || this.#kinds.at(-3) !== 'case';
  }

  #addProperty(): void {
    const owner = this.#keepsProperty ? this.#owner : undefined;
    if (!owner) return;
    if (owner.properties === NO_PROPERTIES) owner.properties = Object.create(null) as Record<string, string>;
    const properties = owner.properties as Record<string, string>;
    if (Object.keys(properties).length < MOST_PROPERTIES) properties[this.#property.name] = this.#property.value;
  }

  #addFailure(): void {
    const { failure } = this.#case;
    const text = failure && joined(failure.text, this.#failure.text, this.#keep.failure);
    this.#case.failure = failure && text !== undefined ? { ...failure, text } : this.#failure;
  }

  #endCase(): void {
    if (this.#case.failure) this.#case.flaky = false;
    this.#visitor.case(this.#case, this.#suites.at(-1) ?? NO_SUITE);
  }
}

const NONE: ReadonlySet<string> = new Set();
const NAMES: ReadonlySet<string> = new Set(['name']);
const DETAILS: Readonly<Record<KeptSizes['details'], ReadonlySet<string>>> = {
  none: NONE,
  class: new Set(['classname']),
  all: new Set(['classname', 'status']),
};
const REASON: ReadonlySet<string> = new Set(['message', 'type']);
const PROPERTY: ReadonlySet<string> = new Set(['name', 'value']);
const NUMBERS: ReadonlySet<string> = new Set(['time', 'timestamp']);

const NO_PROPERTIES: Readonly<Record<string, string>> = Object.freeze({});

const emptySuite = (): Draft<JunitSuite> => ({ name: '', seconds: 0, timestamp: '', properties: NO_PROPERTIES });
const NO_SUITE: JunitSuite = emptySuite();

const emptyFailure = (): Draft<JunitFailure> => ({ message: '', type: '', text: '' });

function emptyCase(): Draft<JunitCase> {
  return {
    name: '',
    classname: '',
    seconds: 0,
    status: '',
    failure: undefined,
    skipped: undefined,
    flaky: false,
    systemOut: '',
    systemErr: '',
    properties: NO_PROPERTIES,
  };
}

function setOnCase(each: Draft<JunitCase>, name: string, value: string): void {
  if (name === 'name') each.name = value;
  else if (name === 'classname') each.classname = value;
  else if (name === 'time') each.seconds = secondsOf(value);
  else if (name === 'status') each.status = value;
}

function setOnSuite(suite: Draft<JunitSuite> | undefined, name: string, value: string): void {
  if (!suite) return;
  if (name === 'name') suite.name = value;
  else if (name === 'time') suite.seconds = secondsOf(value);
  else if (name === 'timestamp') suite.timestamp = value;
}

/** Seconds as junit writers put them, some with a comma for thousands; 0 for anything else. */
function secondsOf(text: string): number {
  const value = Number(text.includes(',') ? text.replaceAll(',', '') : text);
  return Number.isFinite(value) ? value : 0;
}

/** Texts of several elements as one, which gets no longer than one of them may be. */
function joined(text: string, more: string, limit: number): string {
  if (text === '') return more;
  return text.length >= limit ? text : `${text}\n${more}`;
}
