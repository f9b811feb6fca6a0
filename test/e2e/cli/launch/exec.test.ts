import { describe, expect, test } from 'vitest';
import { Sandbox } from '../../../helpers/sandbox.ts';

describe.concurrent('the exec tester', () => {
  test.each([
    ['$NAME', { NAME: 'x y' }, 'x y'],
    ['a${NAME}b', { NAME: 'x' }, 'axb'],
    ['\\$NAME and $NAME', { NAME: 'x' }, '$NAME and x'],
    ['$1 $@ $? $$ $# $* ${1} ${NAME:-y}', { NAME: 'x' }, '$1 $@ $? $$ $# $* ${1} ${NAME:-y}'],
    ['100$', {}, '100$'],
    ['[$EMPTY]', { EMPTY: '' }, '[]'],
  ])('expands %j as its words ask', async (word, env, wanted) => {
    using sandbox = new Sandbox();
    const { code, stdout } = await sandbox.run(['noop', '--test=exec', '--', 'printf', '%s', word], env);
    expect([code, stdout]).toEqual([0, wanted]);
  });

  test('warns of a variable that is not set, by its name', async () => {
    using sandbox = new Sandbox();
    const { stdout, stderr } = await sandbox.run(['noop', '--test=exec', '--', 'printf', '[%s]', '$NOT_SET_AT_ALL']);
    expect(stdout).toBe('[]');
    expect(stderr).toMatch(/^W.*\$NOT_SET_AT_ALL in the test command is not set/m);
  });

  test('leaves everything as it is with KUBETEST2_EXEC_EXPAND=off', async () => {
    using sandbox = new Sandbox();
    const words = ['noop', '--test=exec', '--', 'printf', '%s', '$HOME \\$HOME'];
    expect((await sandbox.run(words, { KUBETEST2_EXEC_EXPAND: 'off' })).stdout).toBe('$HOME \\$HOME');
  });

  test('runs awk and inline scripts as written', async () => {
    using sandbox = new Sandbox();
    const awk = await sandbox.run(['noop', '--test=exec', '--', 'awk', 'BEGIN { split("a b", w); print w[2] "$1" }']);
    expect(awk.stdout).toBe('b$1\n');
    const script = ['sh', '-c', 'for i in "$@"; do echo "<\\$i>"; done', 'sh', 'a b', '--', '--up'];
    expect((await sandbox.run(['noop', '--test=exec', '--', ...script])).stdout).toBe('<a b>\n<-->\n<--up>\n');
  });

  test.each([
    ['exit 3', /sh exited with code 3/],
    ['kill -SEGV $$', /sh was killed by SIGSEGV/],
  ])('tells how %j ended', async (script, message) => {
    using sandbox = new Sandbox();
    const { code, stderr } = await sandbox.run(['noop', '--test=exec', '--', 'sh', '-c', script]);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  test.each([
    ['is not there', 'no-such-program', /no-such-program could not be started: .*PATH/],
    ['is a folder', './bin', /could not be started: .*directory/],
  ])('says so when the command %s', async (_what, command, message) => {
    using sandbox = new Sandbox();
    const { code, stderr } = await sandbox.run(['noop', '--test=exec', '--', command]);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  test('gives the command nothing to read', async () => {
    using sandbox = new Sandbox();
    expect((await sandbox.run(['noop', '--test=exec', '--', 'cat'])).code).toBe(0);
  });

  test('does not read its words as flags of the launcher', async () => {
    using sandbox = new Sandbox();
    const { stdout } = await sandbox.run(['noop', '--test=exec', '--', 'echo', '--help', '-v', '--down']);
    expect(stdout).toBe('--help -v --down\n');
  });

  test('finds programs of the run dir first', async () => {
    using sandbox = new Sandbox();
    sandbox.script('which-one', 'echo from PATH');
    const script =
      'printf "#!/bin/sh\\necho from the run dir\\n" > \\$KUBETEST2_RUN_DIR/which-one; chmod +x \\$KUBETEST2_RUN_DIR/which-one';
    await sandbox.run(['noop', '--run-id=one', '--test=exec', '--', 'sh', '-c', script]);
    const { stdout } = await sandbox.run(['noop', '--run-id=one', '--test=exec', '--', 'which-one']);
    expect(stdout).toBe('from the run dir\n');
  });
});
