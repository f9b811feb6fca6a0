/** Whether a text is printable ASCII, tabs and line feeds only, which is safe on a terminal, in a log viewer and in XML. */
export function isPlainText(text: string): boolean {
  return /^[\t\n -~]*$/.test(text);
}
