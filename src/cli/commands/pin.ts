import { arch, platform } from 'node:os';
import { each, list } from '../../api/flags.ts';
import { acquireFlags, acquireSettings } from '../../download/flags.ts';
import { pinVersions } from '../../download/pin.ts';
import { parsePlatform, platformOf } from '../../system/platform.ts';
import { defineCommand } from './command.ts';

const flags = {
  platform: list('Platforms to pin, as OS/ARCH. Default: the platform of this machine.'),
  file: each(
    'File of the version to pin, instead of the test package and kubectl. OS and ARCH in it are replaced by the platform.',
  ),
};

export const pin = defineCommand({
  usage: ['pin VERSION... [flags] > pins.json'],
  about:
    'Writes a pins file to stdout: URL, size and checksum of each file that a run downloads for these versions or ' +
    'version markers. A run with --pins=FILE downloads exactly these files and no others.',
  examples: ['kubetest2-ts pin v1.36.1 ci/latest > pins.json'],
  flags: { ...flags, ...acquireFlags },
  args: [1, Number.POSITIVE_INFINITY],
  run: async ({ flags: values, args: versions }, world) => {
    using session = await world.openSession();
    const { signals, log } = session;
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
