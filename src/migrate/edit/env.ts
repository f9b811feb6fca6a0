import type { NewVariable } from '../draft/draft.ts';
import { Refused } from '../draft/refused.ts';
import { lastCharacter, type Pair, pairAt } from '../read/syntax.ts';
import type { Target } from './comments.ts';
import type { JobEditing } from './editing.ts';
import { dashOf } from './list.ts';
import { renderScalar } from './scalar.ts';
import { columnOf, lineEnd } from './text-edits.ts';

type Variable = NewVariable & Target;

/** Puts variables into `env:` of the container: in place where the name is there, else at the end, else as a new key. */
export function editEnv(editing: JobEditing, variables: readonly Variable[]): void {
  const { container, changes } = editing;
  const added: Variable[] = [];
  for (const variable of variables) {
    const there = container.env.findLast(({ name }) => name === variable.name);
    if (!there) added.push(variable);
    else if (there.value !== variable.value) replaceValue(editing, variable);
  }
  if (added.length === 0) return;
  const env = pairAt(container.node, 'env');
  if (env && env.value.kind === 'seq' && env.value.items.length > 0) appendTo(editing, env, added);
  else if (env) throw new Refused('env is written as an empty list', 'remove the key, then migrate');
  else addKey(editing, added);
  for (const { name, value } of added) {
    changes.push({
      path: `spec.containers[0].env[${name}]`,
      change: 'added',
      from: '',
      to: value,
      why: 'a variable of the legacy job',
    });
  }
}

function replaceValue({ container, editable, edits, changes }: JobEditing, variable: Variable): void {
  const there = container.env.findLast(({ name }) => name === variable.name);
  const node = there?.scalar;
  if (!node || node.start === node.end)
    throw new Refused(`env ${variable.name} has no value to replace`, 'remove it from env:, then migrate');
  editable.check(there.node, 'env');
  const to = renderScalar(variable.value);
  const end = node.style === 'literal' || node.style === 'folded' ? node.end - 1 : node.end;
  edits.push({ start: node.start, end, text: to });
  changes.push({
    path: `spec.containers[0].env[${variable.name}]`,
    change: 'replaced',
    from: node.value,
    to: variable.value,
    why: '--env won over env:',
  });
}

function appendTo(editing: JobEditing, env: Pair, added: readonly Variable[]): void {
  const { job, editable, edits, lineBreak } = editing;
  const { value } = env;
  editable.check(value, 'env');
  if (value.kind !== 'seq') return;
  if (value.flow) throw new Refused('flow style: env is written in brackets', 'write it in block style, then migrate');
  const [first] = value.items;
  const indent = ' '.repeat(first ? columnOf(job.text, dashOf(job.text, first)) : 0);
  const last = lastCharacter(value);
  const end = lineEnd(job.text, job.text[last - 1] === '\n' ? last - 1 : last);
  edits.push({ start: end, end, text: `${lineBreak}${render(editing, added, indent)}` });
}

/** A new `env:` behind `args`, written as that is. */
function addKey(editing: JobEditing, added: readonly Variable[]): void {
  const { job, container, edits, lineBreak } = editing;
  const pair = pairAt(container.node, 'args') ?? pairAt(container.node, 'command');
  if (pair?.value.kind !== 'seq') return;
  const column = columnOf(job.text, pair.key.start);
  const [first] = pair.value.items;
  const dash = pair.value.flow || !first ? column : columnOf(job.text, dashOf(job.text, first));
  const last = lastCharacter(pair.value);
  const end = lineEnd(job.text, job.text[last - 1] === '\n' ? last - 1 : last);
  const text = `${' '.repeat(column)}env:${lineBreak}${render(editing, added, ' '.repeat(dash))}`;
  edits.push({ start: end, end, text: `${lineBreak}${text}` });
}

function render({ remarksFor, lineBreak }: JobEditing, added: readonly Variable[], indent: string): string {
  return added
    .flatMap((variable) => [
      ...remarksFor(variable).map((line) => `${indent}${line}`),
      `${indent}- name: ${renderScalar(variable.name)}`,
      `${indent}  value: ${renderScalar(variable.value)}`,
    ])
    .join(lineBreak);
}
