import { messageOf, RunError } from '../api/errors.ts';

/** What a junit file says. Nested suites are told one after another, as they come. */
export interface JunitSuites {
  readonly suites: readonly JunitSuite[];
}

export interface JunitSuite {
  readonly name: string;
  readonly seconds: number;
  /** As written; empty when it is not. */
  readonly timestamp: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly JunitCase[];
}

export interface JunitCase {
  readonly name: string;
  readonly classname: string;
  readonly seconds: number;
  /** Ginkgo's word for how it ended (passed, panicked, timedout …); empty where there is none. */
  readonly status: string;
  /** Of a `<failure>` or an `<error>`. */
  readonly failure: JunitFailure | undefined;
  /** The reason, which may be empty; undefined when it was not skipped. */
  readonly skipped: string | undefined;
  /** It failed at first and passed when tried again. */
  readonly flaky: boolean;
  readonly systemOut: string;
  readonly systemErr: string;
  readonly properties: Readonly<Record<string, string>>;
}

export interface JunitFailure {
  readonly message: string;
  readonly type: string;
  readonly text: string;
}

/**
 * Reads a junit file of any of the forms in use: one suite or several, nested, by ginkgo, clusterloader2, Go or Java.
 * `file` is for the message. Throws RunError when the text is cut off or no junit at all.
 */
export async function readJunit(text: string, file: string): Promise<JunitSuites> {
  const { XMLParser, XMLValidator } = await import('fast-xml-parser');
  if (text.trim() === '') throw new RunError(`${file} is empty: whoever writes it was stopped, or the disk was full`);
  const valid = XMLValidator.validate(text);
  if (valid !== true) {
    throw new RunError(`${file} is not valid XML, perhaps cut off: line ${valid.err.line}: ${valid.err.msg}`);
  }
  try {
    const parser = new XMLParser({
      attributeNamePrefix: '@',
      ignoreAttributes: false,
      parseTagValue: false,
      parseAttributeValue: false,
      trimValues: false,
      // Turns numeric references such as Go's &#xA; into characters, too.
      htmlEntities: true,
      isArray: (_name, _path, _leaf, isAttribute) => !isAttribute,
    });
    return { suites: readRoot(parser.parse(text), file) };
  } catch (error) {
    if (error instanceof RunError) throw error;
    throw new RunError(`${file} cannot be read as junit: ${messageOf(error)}`, { cause: error });
  }
}

type Node = Readonly<Record<string, unknown>>;

function readRoot(root: unknown, file: string): JunitSuite[] {
  const tops = [...children(root, 'testsuites'), ...children(root, 'testsuite')];
  if (tops.length === 0) throw new RunError(`${file} is not a junit file: it has no <testsuites> and no <testsuite>`);
  return tops.flatMap(readSuites);
}

/** A suite and those inside it; an outer one without cases of its own only groups. */
function readSuites(node: Node): JunitSuite[] {
  const cases = markFlakes(children(node, 'testcase').map(readCase));
  const inner = children(node, 'testsuite').flatMap(readSuites);
  if (cases.length === 0 && (inner.length > 0 || node['@name'] === undefined)) return inner;
  const own = {
    name: attribute(node, 'name'),
    seconds: number(attribute(node, 'time')),
    timestamp: attribute(node, 'timestamp'),
    properties: readProperties(node),
    cases,
  };
  return [own, ...inner];
}

function readCase(node: Node): JunitCase {
  const [skipped] = children(node, 'skipped');
  const failed = [...children(node, 'failure'), ...children(node, 'error')].map(readFailure);
  const [failure] = failed;
  return {
    name: attribute(node, 'name'),
    classname: attribute(node, 'classname'),
    seconds: number(attribute(node, 'time')),
    status: attribute(node, 'status'),
    failure: failure && { ...failure, text: failed.map(({ text }) => text).join('\n') },
    skipped: skipped && (attribute(skipped, 'message') || textOf(skipped)),
    flaky: failure === undefined && FLAKY.some((name) => children(node, name).length > 0),
    systemOut: children(node, 'system-out').map(textOf).join('\n'),
    systemErr: children(node, 'system-err').map(textOf).join('\n'),
    properties: readProperties(node),
  };
}

const FLAKY = ['flakyFailure', 'flakyError'];

/** A case that is told twice, once failed and once passed, is one that flaked. */
function markFlakes(cases: readonly JunitCase[]): JunitCase[] {
  const results = new Map<string, Set<boolean>>();
  for (const each of cases) {
    if (each.skipped !== undefined) continue;
    const seen = results.get(keyOf(each)) ?? new Set();
    results.set(keyOf(each), seen.add(each.failure !== undefined));
  }
  return cases.map((each) => (results.get(keyOf(each))?.size === 2 ? { ...each, flaky: true } : each));
}

const keyOf = ({ classname, name }: JunitCase): string => `${classname}\0${name}`;

function readFailure(node: Node): JunitFailure {
  return { message: attribute(node, 'message'), type: attribute(node, 'type'), text: textOf(node) };
}

function readProperties(node: Node): Record<string, string> {
  const entries = children(node, 'properties')
    .flatMap((each) => children(each, 'property'))
    .map((each) => [attribute(each, 'name'), attribute(each, 'value') || textOf(each)]);
  return Object.fromEntries(entries);
}

/** The elements of a name inside another; one that holds only text, or nothing, counts too. */
function children(node: unknown, name: string): Node[] {
  const found = isNode(node) && Object.hasOwn(node, name) ? node[name] : [];
  return [found].flat().map((each) => (isNode(each) ? each : { '#text': each }));
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

function attribute(node: Node, name: string): string {
  const value = node[`@${name}`];
  return typeof value === 'string' ? value : '';
}

function textOf(node: Node): string {
  return [node['#text']]
    .flat()
    .filter((each) => typeof each === 'string')
    .join('');
}

/** Seconds as junit writers put them, some with a comma for thousands; 0 for anything else. */
function number(text: string): number {
  const value = Number(text.replaceAll(',', ''));
  return Number.isFinite(value) ? value : 0;
}
