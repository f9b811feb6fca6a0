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
  readonly #sizes: ReadonlyMap<Kind, ReadonlyMap<string, number>>;
  readonly #kinds: Kind[] = [];
  readonly #suites: Draft<JunitSuite>[] = [];
  #kind: Kind | 'root' = 'root';
  /** The attributes of the current element that are kept, in bytes. */
  #attributes: ReadonlyMap<string, number> = NOTHING;
  #case: Draft<JunitCase> = emptyCase();
  #failure: Draft<JunitFailure> = emptyFailure();
  #property = { name: '', value: '' };

  constructor(visitor: JunitVisitor, keep: KeptSizes) {
    this.#visitor = visitor;
    this.#keep = keep;
    this.#sizes = sizesOf(keep);
  }

  open(name: string): void {
    this.#kind = kindOf(name, this.#kind);
    this.#kinds.push(this.#kind);
    if (this.#kinds.length === 1 && this.#kind === 'other') {
      throw new XmlError('unsupported', `it has no <testsuites> and no <testsuite> but <${name}>`);
    }
    this.#attributes =
      this.#kind === 'property' && !this.#keepsProperty ? NOTHING : (this.#sizes.get(this.#kind) ?? NOTHING);
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
    return this.#attributes.get(name) ?? 0;
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

const NOTHING: ReadonlyMap<string, number> = new Map();

/** The attributes of each kind of element that are kept, in bytes. */
function sizesOf({ line, details }: KeptSizes): ReadonlyMap<Kind, ReadonlyMap<string, number>> {
  const classname = details === 'none' ? 0 : line;
  const status = details === 'all' ? line : 0;
  const sizes = (of: Readonly<Record<string, number>>) => new Map(Object.entries(of));
  return new Map([
    ['suite', sizes({ name: line, time: NUMBER, timestamp: NUMBER })],
    ['case', sizes({ name: line, time: NUMBER, classname, status })],
    ['failure', sizes({ message: line, type: line })],
    ['skipped', sizes({ message: line })],
    ['property', sizes({ name: line, value: line })],
  ]);
}

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
