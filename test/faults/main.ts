// npm run faults [-- --scenario=NAME… --mode=NAME… --at=N --sample=N --seed=N --json=FILE]: makes every operation of a
// run fail in turn, and says which promises were broken. Without arguments: every point there is.
import { appendFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { setup } from '../global-setup.ts';
import { whyLeftOut } from './compile.ts';
import { pointsOf, tryAll } from './explore.ts';
import { modes } from './modes.ts';
import type { Result } from './run-point.ts';
import { scenarios } from './scenarios/index.ts';
import { commandOf, table } from './table.ts';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true },
    mode: { type: 'string', multiple: true },
    at: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'string' },
    jobs: { type: 'string' },
  },
});

const reason = whyLeftOut();
if (reason !== undefined) throw new Error(`operations on files cannot be made to fail here: ${reason}`);
setup();
const seed = Number(values.seed ?? Math.trunc(Math.random() * 1e6));
const points = await pointsOf({
  scenarios: named(scenarios, values.scenario),
  modes: named(modes, values.mode),
  at: numberOf(values.at),
  sample: numberOf(values.sample),
  seed,
});
console.log(`${points.length} points${values.sample === undefined ? '' : `, chosen by --seed=${seed}`}`);

const working = numberOf(values.jobs) ?? availableParallelism() + 1;
let done = 0;
if (values.json !== undefined) rmSync(values.json, { force: true });
const results = await tryAll(points, { working, waiting: 8 }, (result) => {
  done += 1;
  if (values.json !== undefined) appendFileSync(values.json, `${JSON.stringify(plain(result))}\n`);
  for (const { kind, text } of result.findings)
    console.log(`${commandOf(result)}\n  at ${result.met}\n  ${kind}: ${text}`);
  if (done % 100 === 0) console.log(`${done} of ${points.length}`);
});
if (points.length === 1) console.log(results[0]?.output);
console.log(table(results).join('\n'));
if (results.some(({ findings }) => findings.length > 0)) process.exitCode = 1;

function plain({ point, met, findings, seconds, output }: Result): object {
  const failed = findings.length > 0;
  return {
    scenario: point.scenario.name,
    mode: point.mode.name,
    at: point.at,
    met,
    findings,
    seconds,
    ...(failed && { output }),
  };
}

function named<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[] | undefined,
): readonly T[] {
  const unknown = names?.find((name) => !all.some((each) => each.name === name));
  if (unknown !== undefined)
    throw new Error(`unknown name ${unknown}; there are ${all.map(({ name }) => name).join(', ')}`);
  return names === undefined ? all : all.filter(({ name }) => names.includes(name));
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${text} is not a number from 0 on`);
  return value;
}
