import fc from 'fast-check';

/** Any string a program can hold: control characters, lone surrogates and all, with the troublesome ones often. */
export const anyText = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 8 }) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          '\0',
          '\u001B[31m',
          '\u001B]0;t\u0007',
          '\r\n',
          '\r',
          '\ud800',
          '\udfff',
          '\ufffe',
          '\uffff',
          '\u{1F600}',
          ']]>',
          '&amp;',
          '<![CDATA[',
          '-->',
          '\u0085',
          '\u2028',
        ),
      },
      { weight: 1, arbitrary: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) },
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

/** What XML 1.0 allows in a text, by its own definition. */
export const ALLOWED = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;
