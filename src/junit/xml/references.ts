const PREDEFINED = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * The bytes of the character that a reference such as `lt` or `#xA` stands for. Undefined for an entity that XML does
 * not predefine, which is never expanded, and `forbidden` for a number that is no character of XML.
 */
export function characterOf(name: string): Uint8Array | 'forbidden' | undefined {
  const numeric = /^#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}))$/.exec(name);
  if (!numeric) {
    const text = PREDEFINED.get(name);
    return text === undefined ? (name.startsWith('#') ? 'forbidden' : undefined) : Buffer.from(text);
  }
  const [, hexadecimal, decimal] = numeric;
  const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
  return isCharacter(code) ? Buffer.from(String.fromCodePoint(code)) : 'forbidden';
}

/** The production Char of XML 1.0. */
function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x1_0000 && code <= 0x10_ffff);
}
