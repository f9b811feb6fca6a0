import { arch, platform } from 'node:os';
import { each, list } from '../../api/flags.ts';
import { acquireFlags, acquireSettings } from '../../download/flags.ts';
import { pinVersions } from '../../download/pin.ts';
import { parsePlatform, platformOf } from '../../system/platform.ts';
import { defineCommand } from './command.ts';

const flags = {
  platform: list('The platforms to pin for, OS/ARCH; this machine’s when absent.'),
  file: each(
    'A file of the version to pin instead of the test package and kubectl; OS and ARCH in it stand for the platform.',
  ),
};

export const pin = defineCommand({
  usage: ['pin VERSION... [flags] > pins.json'],
  about:
    'Writes a pins file to stdout: the URLs, sizes and sha512 digests of what a run fetches for these versions or ' +
    'markers. With --pins=FILE a run fetches exactly these bytes and nothing else.',
  examples: ['kubetest2-ts pin v1.36.1 ci/latest > pins.json'],
  flags: { ...flags, ...acquireFlags },
  args: [1, Number.POSITIVE_INFINITY],
  run: async ({ flags: values, args: versions }, world) => {
    const { signals, log } = world.session;
    const platforms = values.platform.map(parsePlatform);
    const pins = await pinVersions(versions, acquireSettings(values, world), {
      env: world.env,
      signal: signals.work,
      log,
      platforms: platforms.length > 0 ? platforms : [platformOf({ platform: platform(), arch: arch() })],
      ...(values.file.length > 0 && { files: values.file }),
    });
    world.stdout.write(`${JSON.stringify(pins, undefined, 2)}\n`);
    return 0;
  },
});
