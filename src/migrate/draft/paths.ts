import type { Work } from './context.ts';

/** Where Prow's pod utilities check repositories out. */
export const CHECKOUTS = '/home/prow/go/src/';

/**
 * A value with the places of bootstrap's and the image's world replaced by those of Prow's pod utilities, and the
 * variables that a shell or bootstrap filled in by those that Kubernetes does.
 */
export function mapPaths(value: string, { recognised }: Pick<Work, 'recognised'>): string {
  const own =
    recognised.style === 'bootstrap'
      ? value
          .replaceAll(/(?<![\w.-])\/go\/src\//g, CHECKOUTS)
          .replaceAll(/(?<![\w.-])\/workspace\/(?=k8s\.io\/|sigs\.k8s\.io\/|github\.com\/)/g, CHECKOUTS)
      : value;
  return mapArtifacts(own.replaceAll(/(?<![\w.-])\/workspace\/test-infra\//g, `${CHECKOUTS}k8s.io/test-infra/`));
}

/** The same with `$NAME` as Kubernetes fills it in, for arguments that no shell reads. */
export function mapArgument(value: string, work: Pick<Work, 'recognised'>): string {
  return mapPaths(value, work)
    .replaceAll(/\$(?:\{(GOPATH|ARTIFACTS)\}|(GOPATH|ARTIFACTS)\b)/g, (_, braced, bare) => `$(${braced ?? bare})`)
    .replaceAll(/\$(?:\{WORKSPACE\}|WORKSPACE\b)/g, '/workspace');
}

function mapArtifacts(value: string): string {
  return value.replaceAll(/(?:\/workspace|\$WORKSPACE|\$\{WORKSPACE\}|\$\(WORKSPACE\))\/_artifacts\b/g, '$(ARTIFACTS)');
}
