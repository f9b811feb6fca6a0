/** A suite as far as it has been read: what stands behind its cases is not there yet while these are visited. */
export interface JunitSuite {
  readonly name: string;
  readonly seconds: number;
  /** As written; empty when it is not. */
  readonly timestamp: string;
  readonly properties: Readonly<Record<string, string>>;
}

export interface JunitCase {
  readonly name: string;
  readonly classname: string;
  readonly seconds: number;
  /** How it ended in Ginkgo's terms (passed, panicked, timedout …); empty where there is none. */
  readonly status: string;
  /** Of a `<failure>` or an `<error>`; of several the texts together. */
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

/** What a reader keeps of each case, in bytes; a text that is longer is cut and says so. */
export interface KeptSizes {
  /** Of names, class names, reasons and messages. */
  readonly line: number;
  /** Of the text of one `<failure>` or `<error>`. */
  readonly failure: number;
  /** Of `<system-out>` and `<system-err>` each. */
  readonly output: number;
  /** Of class names, states and properties of cases none, the class names alone, or all. Properties of suites always are. */
  readonly details: 'none' | 'class' | 'all';
}

/** Learns what is in a junit file while it is read. */
export interface JunitVisitor {
  /** A suite begins; `outer` is the one around it. */
  suite?(suite: JunitSuite, outer: JunitSuite | undefined): void;
  /** A case has ended; `suite` is the one that it is directly in. */
  case(found: JunitCase, suite: JunitSuite): void;
}
