import { type FlagExtras, text, toggle, type Values } from '../../src/api/flags.ts';
import { boskosFlags } from '../../src/boskos/flags.ts';

const group: FlagExtras = { group: 'Project' };

/** The flags of the node deployer. */
export const flags = {
  gcpProject: text('Project of the instances (default: one leased from Boskos).', '', group),
  gcpZone: text('Zone of the instances.', '', { ...group, env: 'KUBE_GCE_ZONE' }),
  registerSshKey: toggle(
    'Add the SSH key to the metadata of the project if it is missing, and remove it in Down.',
    true,
    group,
  ),
  ...boskosFlags,
} as const;

export type NodeDeployerValues = Values<typeof flags>;
