import { readJunitFiles } from '../../../src/junit/results.ts';

/** Prints the totals of the junit files that are its arguments. */
const { totals } = await readJunitFiles(process.argv.slice(2), new AbortController().signal);
process.stdout.write(JSON.stringify(totals));
