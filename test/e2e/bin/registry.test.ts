import { describe, expect, test } from 'vitest';
import { registry } from '../../../bin/registry.ts';
import { namedFlags } from '../../../src/api/flags.ts';
import { klogFlags, launcherFlags } from '../../../src/cli/flags/launcher-flags.ts';
import { acquireFlags } from '../../../src/download/flags.ts';

const all = [...registry.deployers, ...registry.testers];
const common = [launcherFlags, acquireFlags, klogFlags].flatMap((flags) => [...namedFlags(flags)]);

describe('what is built in', () => {
  test.each(all)('$name is what the table says of it', async ({ name, summary, load }) => {
    expect(await load()).toMatchObject({ name, summary });
  });

  test.each(registry.deployers)('no flag of the deployer $name is also a common one', async ({ load }) => {
    const names = new Set(common.flatMap(({ name, flag }) => [name, ...(flag.more.aliases ?? [])]));
    const own = [...namedFlags((await load()).flags)].map(({ name }) => name);
    expect(own.filter((name) => names.has(name))).toEqual([]);
  });

  test('every flag of ours says what it means in a sentence', async () => {
    const flags = [...common];
    for (const { load } of all) flags.push(...namedFlags((await load()).flags));
    const mute = flags.filter(({ flag }) => !/^(?:--)?[A-Za-z$`"'].*[.)]$/s.test(flag.help));
    expect(mute.map(({ name, flag }) => `--${name}: ${flag.help}`)).toEqual([]);
  });
});
