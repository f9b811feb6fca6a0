import { toggle } from '../../api/flags.ts';

/** The flags of every built-in tester beside its own. */
export const testerCommonFlags = { help: toggle('Print the flags of this tester.', false, { short: 'h' }) } as const;

/** The flags of every command beside its own. */
export const commandCommonFlags = { help: toggle('Print this help.', false, { short: 'h' }) } as const;
