import type { JunitCase, JunitFailure } from './suite.ts';

/** One spec, or one node of a suite as a whole, as a junit file of Ginkgo has it. */
export interface Spec {
  /** The suite's description. */
  readonly suite: string;
  /** The texts of its containers and its own. */
  readonly name: string;
  /** False for what belongs to the suite as a whole, such as BeforeSuite. */
  readonly isSpec: boolean;
  readonly seconds: number;
  /** Interrupted ones neither passed nor failed: something else ended the suite while they ran. */
  readonly outcome: 'passed' | 'failed' | 'interrupted' | 'skipped';
  /** Why it failed or was interrupted; else empty. */
  readonly failure: string;
  /** It passed, at a later attempt. */
  readonly flaky: boolean;
}

/** Ginkgo's names for nodes that are no spec, in version 2 and 1. */
const SUITE_NODE =
  /^(?:\[(?:BeforeSuite|AfterSuite|SynchronizedBeforeSuite|SynchronizedAfterSuite|ReportBeforeSuite|ReportAfterSuite|(?:DeferCleanup|CleanupAfterSuite)[^\]]*)\]|(?:Before|After)Suite$)/;

const IT = '[It]';

/** A case in the terms of Ginkgo; `suite` is the name of the one that it is in. */
export function specOf({ name, seconds, failure, skipped, flaky }: JunitCase, suite: string): Spec {
  return {
    suite,
    name: name.startsWith(IT) ? name.slice(IT.length).trimStart() : name,
    isSpec: name.startsWith(IT) || !SUITE_NODE.test(name),
    seconds,
    outcome: failure ? outcomeOf(failure) : skipped === undefined ? 'passed' : 'skipped',
    failure: failure ? failureText(failure) : '',
    flaky,
  };
}

/** Ginkgo reports a spec that it interrupted as an error of this type. */
const outcomeOf = ({ type }: JunitFailure): 'failed' | 'interrupted' =>
  type === 'interrupted' ? 'interrupted' : 'failed';

/** The message and the text, unless the text has the message, as Ginkgo's has. */
function failureText({ message, text }: JunitFailure): string {
  const parts = text.includes(message.trim()) ? [text] : [message, text];
  return parts.filter((part) => part.trim() !== '').join('\n');
}
