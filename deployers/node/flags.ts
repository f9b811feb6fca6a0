import { type FlagExtras, text, toggle, type Values } from '../../src/api/flags.ts';
import { boskosFlags } from '../../src/boskos/flags.ts';

const group: FlagExtras = { group: 'Where the machines are made' };

/** The flags of the node deployer. */
export const flags = {
  gcpProject: text('The project for the machines. Empty: one leased from Boskos.', '', group),
  gcpZone: text('The zone for the machines.', '', { ...group, env: 'KUBE_GCE_ZONE' }),
  registerSshKey: toggle(
    'Put the SSH key into the metadata of the project when it is not there, and take it out again.',
    true,
    group,
  ),
  ...boskosFlags,
} as const;

export type NodeDeployerValues = Values<typeof flags>;
