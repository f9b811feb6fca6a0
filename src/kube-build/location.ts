import { UsageError } from '../api/errors.ts';

/** Where builds are staged: `gs://BUCKET/ROOT/VERSION/…`, markers at `gs://BUCKET/ROOT/`. */
export interface StageLocation {
  readonly bucket: string;
  /** Without leading and trailing slashes. */
  readonly root: string;
  /** True for `ci`, whose builds must be clean and may have markers. */
  readonly ci: boolean;
}

/**
 * Parses `--stage`. krel's layout, which kubetest2 uses, omits `ci` or `devel` when a path follows it.
 * Throws UsageError for any other form.
 */
export function parseStage(stage: string, layout: 'path' | 'krel'): StageLocation {
  const [, bucket, kind, rest = ''] = /^gs:\/\/([\w][\w.-]*)\/(ci|devel)(\/.*)?$/s.exec(stage) ?? [];
  const directories = rest.split('/').filter((name) => name !== '');
  const isInvalid = directories.some((name) => name === '.' || name === '..' || /[^\w.+~-]/.test(name));
  if (bucket === undefined || kind === undefined || isInvalid || rest.includes('//')) {
    throw new UsageError(
      `invalid --stage ${JSON.stringify(stage)}: expected gs://BUCKET/ci or gs://BUCKET/devel, optionally followed by a path`,
    );
  }
  const under = layout === 'krel' && directories.length > 0 ? directories : [kind, ...directories];
  return { bucket, root: under.join('/'), ci: kind === 'ci' };
}

/** The gs:// URL of a staged object or directory. */
export const stageUrl = ({ bucket, root }: StageLocation, ...path: readonly string[]): string =>
  `gs://${[bucket, root, ...path].join('/')}`;
