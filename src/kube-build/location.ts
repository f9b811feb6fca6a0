import { UsageError } from '../api/errors.ts';

/** Where builds are staged: `gs://BUCKET/ROOT/VERSION/…`, markers at `gs://BUCKET/ROOT/`. */
export interface StageLocation {
  readonly bucket: string;
  /** Without slashes at its ends. */
  readonly root: string;
  /** True for `ci`, whose builds must be clean and may have markers. */
  readonly ci: boolean;
}

/**
 * Reads `--stage`. krel's layout leaves out `ci` or `devel` when something follows it, which is what kubetest2 does.
 * Throws UsageError for any other form.
 */
export function parseStage(typed: string, layout: 'path' | 'krel'): StageLocation {
  const [, bucket, kind, rest = ''] = /^gs:\/\/([\w][\w.-]*)\/(ci|devel)(\/.*)?$/s.exec(typed) ?? [];
  const folders = rest.split('/').filter((folder) => folder !== '');
  const odd = folders.some((folder) => folder === '.' || folder === '..' || /[^\w.+~-]/.test(folder));
  if (bucket === undefined || kind === undefined || odd || rest.includes('//')) {
    throw new UsageError(
      `--stage=${typed} is not of the form gs://BUCKET/ci or gs://BUCKET/devel, with more folders after it or not`,
    );
  }
  const under = layout === 'krel' && folders.length > 0 ? folders : [kind, ...folders];
  return { bucket, root: under.join('/'), ci: kind === 'ci' };
}

/** The address of something staged, for people. */
export const stageUrl = ({ bucket, root }: StageLocation, ...path: readonly string[]): string =>
  `gs://${[bucket, root, ...path].join('/')}`;
