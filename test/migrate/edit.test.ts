import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { renderScalar } from '../../src/migrate/edit/scalar.ts';
import { checkLine, migrateText, onlyReport, periodic } from '../helpers/legacy-jobs.ts';

const node = ['--deployment=node', '--node-tests=true', '--provider=gce', '--gcp-zone=z'];

describe('a scalar', () => {
  test('reads back as the same string in YAML 1.1 and 1.2', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (value, flow) => {
        const rendered = renderScalar(value, flow);
        const text = flow ? `[${rendered}, x]` : `- ${rendered}\n`;
        for (const version of ['1.1', '1.2'] as const) {
          const document = parseDocument(text, { version });
          expect(document.errors, rendered).toEqual([]);
          expect((document.toJS() as unknown[])[0]).toBe(value);
        }
      }),
    );
  });

  test.each([
    'y',
    'n',
    'yes',
    'no',
    'on',
    'off',
    'true',
    'False',
    '5',
    '1.5',
    '0x10',
    '1_000',
    '~',
    'null',
    '',
    '1:30',
    '2026-08-22',
    '=',
    '<<',
    '.inf',
    '010',
  ])('is quoted where YAML 1.1 reads something else: %s', (value) => expect(renderScalar(value)).toMatch(/^'.*'$/));
});

const comment = fc.stringMatching(/^#[ a-z-]{1,12}[a-z]$/);
const line = fc.oneof(
  fc.constantFrom(
    '--gcp-nodes=4',
    '--check-leaked-resources',
    '--ginkgo-parallel=30',
    '--gcp-node-image=gci',
    '--cluster=',
  ),
  fc.constantFrom('--env=KUBE_A=x y', '--env=ENABLE_B=true', '--env=KUBE_C=a,b', '--env=CL2_D=1'),
  fc.constantFrom('--test_args=--ginkgo.skip=\\[Slow\\]|\\[Flaky\\] --minStartupPods=8', '--timeout=65m'),
);
const item = fc.record({
  above: fc.array(comment, { maxLength: 2 }),
  text: line,
  behind: fc.option(comment),
  style: fc.constantFrom('plain', 'single', 'double'),
});

/** A job file around generated arguments: order, comments, quotes, line ends. */
const jobFile = fc.record({
  items: fc.array(item, { maxLength: 8 }),
  nameLast: fc.boolean(),
  indented: fc.boolean(),
  crlf: fc.boolean(),
  bom: fc.boolean(),
  finalNewline: fc.boolean(),
  argsLast: fc.boolean(),
});

type Layout = typeof jobFile extends fc.Arbitrary<infer T> ? T : never;

function quoted(text: string, style: string): string {
  if (style === 'double') return JSON.stringify(text);
  return style === 'single' || /[:#|]/.test(text) ? `'${text}'` : text;
}

function render(layout: Layout): string {
  const pad = layout.indented ? '        ' : '      ';
  const args = layout.items.flatMap(({ above, text, behind, style }) => [
    ...above.map((each) => `${pad}${each}`),
    `${pad}- ${quoted(text, style)}${behind === null ? '' : ` ${behind}`}`,
  ]);
  const name = '  name: ci-generated # the name\n';
  const text = `# a header
presets:
- labels: {preset-x: "true"}
  env: [{name: NODE_SIZE, value: big}]
periodics:
- cluster: c   # odd   blanks
${layout.nameLast ? '' : name}  interval: 1h
  decorate: true
  labels: {preset-k8s-ssh: "true", preset-x: "true"}
  spec:
    containers:
    - command:
      - runner.sh
      - /workspace/scenarios/kubernetes_e2e.py
${layout.argsLast ? '      image: i:v1-master # the image\n' : ''}      args:
${[...args, `${pad}- --extract=ci/latest`, `${pad}- --provider=gce`].join('\n')}
${layout.argsLast ? '' : '      image: i:v1-master # the image\n'}${layout.nameLast ? name : ''}- name: other
  # untouched
  spec: {containers: [{image: x, command: ["make", 'test']}]}
`;
  const ended = layout.finalNewline ? text : text.trimEnd();
  return `${layout.bom ? '\uFEFF' : ''}${layout.crlf ? ended.replaceAll('\n', '\r\n') : ended}`;
}

const comments = (text: string) =>
  [...text.matchAll(/(?:^|\s)(#[^\r\n]*)/g)]
    .map(([, found = '']) => found)
    .sort((one, other) => one.localeCompare(other));

describe('the edit of a generated job file', () => {
  const migrated = jobFile.map((layout) => {
    const before = render(layout);
    return { layout, before, ...migrateText(before) };
  });

  test('gives YAML of the same line ends, in which only the job changed', () => {
    fc.assert(
      fc.property(migrated, ({ layout, before, text }) => {
        for (const version of ['1.1', '1.2'] as const) expect(parseDocument(text, { version }).errors).toEqual([]);
        const lineEnds = new Set(text.match(/\r?\n/g));
        expect([...lineEnds]).toEqual([layout.crlf ? '\r\n' : '\n']);
        const [head = ''] = before.split(/- cluster: c/);
        expect(text.startsWith(head)).toBe(true);
        const tail = before.slice(before.indexOf('- name: other'));
        expect(text.endsWith(tail)).toBe(true);
      }),
    );
  });

  test('keeps every comment, once', () => {
    fc.assert(
      fc.property(migrated, ({ before, text }) => {
        expect(comments(text)).toEqual(comments(before));
      }),
    );
  });

  test('changes nothing the second time', () => {
    fc.assert(
      fc.property(migrated, ({ text }) => {
        expect(migrateText(text).text).toBe(text);
      }),
    );
  });

  test('writes a line that the program takes, and tells the fate of each flag', () => {
    fc.assert(
      fc.property(migrated, ({ layout, reports }) => {
        const [report] = reports;
        expect(report?.verdict, report?.reason).toBe('translated');
        expect(checkLine(report?.argv ?? [])).toEqual([]);
        const given = report?.flags.filter(({ fate }) => fate !== 'added') ?? [];
        expect(given).toHaveLength(layout.items.length + 2);
        for (const { fate, why } of given) if (fate === 'dropped') expect(why).not.toBe('');
      }),
    );
  });
});

describe('an argument', () => {
  const rows: readonly (readonly [what: string, yaml: string])[] = [
    ['over two lines', '      - --test_args=--nodes=1\n        --focus=abc'],
    ['in single quotes over two lines', "      - '--test_args=--nodes=1\n        --focus=abc'"],
    ['in double quotes with an escape', '      - "--test_args=--nodes=1 \\\n        --focus=abc"'],
    ['as a literal block', '      - |-\n        --test_args=--nodes=1 --focus=abc'],
    ['as a folded block', '      - >-\n        --test_args=--nodes=1\n        --focus=abc'],
  ];
  test.each(rows)('%s is one item, replaced whole', (_, yaml) => {
    const before = periodic([...node, 'HERE']).replace('      - "HERE"', yaml);
    const { text, reports } = migrateText(before);
    expect(reports[0]?.argv).toContain('--focus-regex=abc');
    expect(text).not.toContain('test_args');
    expect(parseDocument(text).errors).toEqual([]);
  });

  test('that is null is the empty string', () => {
    const { reports } = migrateText(periodic([...node, 'HERE']).replace('      - "HERE"', '      -'));
    expect(reports[0]?.verdict).toBe('translated');
  });
});

describe('a job is refused', () => {
  test('for arguments in flow style that do not fit their line', () => {
    const before = periodic(['A']).replace(
      /args:\n.*\n/,
      `args: [${node.map((word) => JSON.stringify(word)).join(', ')}]\n`,
    );
    const report = onlyReport(migrateText(before));
    expect(report).toMatchObject({ verdict: 'refused' });
    expect(report.reason).toContain('flow style');
  });

  test('for arguments that an anchor shares with another job, by its name', () => {
    const shared = periodic(node).replace('args:', 'args: &shared');
    const other = `- name: ci-other\n  spec:\n    containers:\n    - command: [runner.sh, /workspace/scenarios/kubernetes_e2e.py]\n      args: *shared\n`;
    const { text, reports } = migrateText(`${shared}${other}`);
    expect(text).toBe(`${shared}${other}`);
    expect(reports.map(({ reason }) => reason)).toEqual([
      'args is shared by an anchor with job ci-other',
      'args is shared by an anchor with job ci-x',
    ]);
  });

  test('for several containers with commands', () => {
    const second = '    - image: b\n      command: [sleep]\n';
    const report = onlyReport(migrateText(`${periodic(node)}${second}`));
    expect(report.reason).toContain('2 containers');
  });

  test('for a generated file, with the generator’s name', () => {
    const report = onlyReport(migrateText(periodic(node), { generated: () => 'make.sh beside it writes it' }));
    expect(report).toMatchObject({ verdict: 'refused', reason: 'generated file: make.sh beside it writes it' });
  });
});

test('flow style stays flow style where all fits its line', () => {
  const before = `presubmits:
  o/r:
  - name: p
    decorate: true
    spec:
      containers:
      - image: i
        command: ["runner.sh", "/workspace/scenarios/execute.py"]
        args: ["make", "test"]
`;
  const { text } = migrateText(before);
  expect(text).toContain('command: ["runner.sh"]\n');
  expect(text).toContain('args: ["kubetest2-ts", "noop", "--test=exec", "--", "make", "test"]\n');
});

test('a key that is set twice in a job is an error with its place', () => {
  const before = periodic(node).replace('  interval: 2h', '  interval: 2h\n  interval: 3h');
  expect(() => migrateText(before)).toThrow('jobs.yaml:4:3: the key "interval" is set twice');
});

test('a template is no YAML, and the error says so', () => {
  expect(() => migrateText('periodics:\n- name: {{ name }}\n  a: {{\n')).toThrow(
    /^jobs\.yaml:\d+:\d+: not YAML: .*template/,
  );
});
