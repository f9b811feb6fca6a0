declare module 'postject' {
  /** Puts a resource into a program's file and tells the program that it is there. */
  export function inject(
    file: string,
    resource: string,
    bytes: Buffer,
    options: { readonly sentinelFuse: string },
  ): Promise<void>;
}
