import { componentsFolder, missingComponents } from '../../../scripts/package/pinned.ts';

/** Says which real programs are missing. In CI none may be. */
export function setup(): void {
  const directory = componentsFolder(process.env);
  const missing = missingComponents(directory);
  if (missing.length === 0) return;
  const message = `Not in ${directory}/bin: ${missing.join(', ')}. \`npm run components\` builds them.`;
  if (process.env['CI'] === 'true') throw new Error(message);
  console.error(`${message} What needs them is left out.`);
}
