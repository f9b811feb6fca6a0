/** Whether a text holds nothing that a terminal, a log viewer or XML could mind: ASCII in lines, no carriage returns. */
export function isPlainText(text: string): boolean {
  return /^[\t\n -~]*$/.test(text);
}
