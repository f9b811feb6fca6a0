import { toggle } from '../../api/flags.ts';

/** The flags that every built-in tester takes in addition to its own. */
export const testerCommonFlags = { help: toggle('Print the flags of this tester.', false, { short: 'h' }) } as const;

/** The flags that every command takes in addition to its own. */
export const commandCommonFlags = { help: toggle('Print this help.', false, { short: 'h' }) } as const;
