/** The same parser with none of node's own modules behind it: what needs them, configuration files and paths, is not used here. */
declare module 'yargs-parser/browser' {
  export { default } from 'yargs-parser';
}
