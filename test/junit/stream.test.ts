import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { JunitError, visitJunit } from '../../src/junit/stream.ts';
import type { JunitCase, KeptSizes } from '../../src/junit/suite.ts';
import { anyText } from '../helpers/arbitrary-text.ts';

const ALL: KeptSizes = { line: 1 << 20, failure: 1 << 20, output: 1 << 20, details: 'all' };

async function cases(chunks: Iterable<Uint8Array>, keep: KeptSizes = ALL): Promise<JunitCase[]> {
  const found: JunitCase[] = [];
  await visitJunit(chunks, 'junit.xml', { case: (each) => found.push(each) }, keep);
  return found;
}

const read = (text: string, keep?: KeptSizes) => cases([Buffer.from(text)], keep);
const inCase = async (text: string, keep?: KeptSizes) =>
  (await read(`<testsuite><testcase name="a">${text}</testcase></testsuite>`, keep))[0];
const refusal = async (bytes: Uint8Array | string) =>
  cases([Buffer.from(bytes)]).then(
    () => 'accepted',
    (error: unknown) => (error instanceof JunitError ? error.message : error),
  );

/** What the cases are, or the message why not. */
const result = (chunks: Iterable<Uint8Array>) =>
  cases(chunks).catch((error: unknown) => {
    expect(error).toBeInstanceOf(JunitError);
    return (error as JunitError).message;
  });

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, at) => bytes.subarray(places[at], end));
}

/** Characters that XML allows, the troublesome ones often. */
const clean = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 5 }),
      fc.constantFrom(
        '<',
        '>',
        '&',
        '"',
        "'",
        ']]',
        '\n',
        '\t',
        '\u00e9',
        '\u{1F600}',
        '\ufffd',
        '\uffe5',
        '--',
        '&lt;',
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join('').replace(/[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, ''));

const NAMED: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
  "'": '&apos;',
};
const escaped = (text: string) => text.replace(/[<>&"']/g, (each) => NAMED[each] ?? each);
const numbered = (text: string) =>
  Array.from(text, (each) => (/[\w ]/.test(each) ? each : `&#x${each.codePointAt(0)?.toString(16)};`)).join('');
const cdata = (text: string) => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;

/** A text as one of the ways in which writers put it. */
const written = (text: fc.Arbitrary<string>, ways: ((text: string) => string)[]) =>
  fc.tuple(text, fc.constantFrom(...ways)).map(([plain, way]) => ({ plain, xml: way(plain) }));
const attribute = written(clean, [
  (text) => numbered(text),
  (text) => escaped(text).replace(/[\t\n]/g, (each) => `&#${each.charCodeAt(0)};`),
]);
const content = written(clean, [escaped, numbered, cdata, (text) => `${escaped(text)}<!-- no <text> - -->`]);

const document = fc
  .record({
    cases: fc.array(fc.record({ name: attribute, failure: fc.option(content), output: content }), { maxLength: 5 }),
    head: fc.constantFrom(
      '',
      '\ufeff',
      '<?xml version="1.0"?>',
      '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE a [<!ENTITY x "<>">]>',
    ),
    quote: fc.constantFrom('"', "'"),
    space: fc.constantFrom('', ' ', '\r\n\t'),
  })
  .map(({ cases: all, head, quote, space }) => {
    const rows = all.map(
      ({ name, failure, output }) =>
        `<testcase${space || ' '}name${space}=${space}${quote}${name.xml}${quote}>${failure ? `<failure>${failure.xml}</failure${space}>` : ''}<system-out>${output.xml}</system-out></testcase>`,
    );
    return {
      text: `${head}<testsuite name="s">${space}${rows.join('<?go on?>')}</testsuite>${space}`,
      expected: all.map(({ name, failure, output }) => [name.plain, failure?.plain, output.plain]),
    };
  });

describe('a document', () => {
  test('is read as it was written, wherever the chunks end', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.array(fc.nat(), { maxLength: 12 }), async ({ text, expected }, cuts) => {
        const found = await cases(cutAt(Buffer.from(text), cuts));
        expect(found.map(({ name, failure, systemOut }) => [name, failure?.text, systemOut])).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('is read as another parser reads it', async () => {
    const parser = new XMLParser({
      attributeNamePrefix: '@',
      ignoreAttributes: false,
      parseTagValue: false,
      parseAttributeValue: false,
      trimValues: false,
      htmlEntities: true,
      isArray: (name) => name === 'testcase',
    });
    const plain = document.filter(({ text }) => !/DOCTYPE|\r|\ufeff|&quot;|&apos;|&amp;/.test(text));
    await fc.assert(
      fc.asyncProperty(plain, async ({ text }) => {
        expect(XMLValidator.validate(text)).toBe(true);
        const suite = (parser.parse(text) as { testsuite: { testcase?: Record<string, unknown>[] } | string })
          .testsuite;
        const theirs = typeof suite === 'string' ? [] : (suite.testcase ?? []);
        const ours = await read(text);
        expect(ours.map(({ name, systemOut }) => [name, systemOut])).toEqual(
          theirs.map((each) => [each['@name'], each['system-out']]),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('with anything in it gives the same cases or the same error, wherever the chunks end', async () => {
    const base =
      '<testsuites><testsuite name="a"><testcase name="b" time="1"><failure>t &amp; <![CDATA[u]]></failure></testcase></testsuite></testsuites>';
    await fc.assert(
      fc.asyncProperty(anyText, fc.nat(base.length), fc.array(fc.nat(), { maxLength: 8 }), async (noise, at, cuts) => {
        const bytes = Buffer.from(base.slice(0, at) + noise + base.slice(at));
        const whole = await result([bytes]);
        const parts = await result(cutAt(bytes, cuts));
        const withoutPlace = (value: unknown) =>
          typeof value === 'string' ? value.replace(/ (?:at|after) byte \d+/, '') : value;
        expect(withoutPlace(parts)).toEqual(withoutPlace(whole));
      }),
      { numRuns: 500 },
    );
  });

  test('of single bytes is read like one of all of them', async () => {
    const text =
      '<?xml version="1.0"?><!-- a --><testsuites><testsuite name="é">\r\n<testcase name="x&#xA;y"><failure message=\'m\'>a]]&gt;<![CDATA[]]]]><![CDATA[>]]>\r\nb\rc</failure></testcase></testsuite></testsuites>';
    const bytes = Buffer.from(text);
    const [found] = await cases(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)));
    expect(found).toMatchObject({ name: 'x\ny', failure: { message: 'm', text: 'a]]>]]>\nb\nc' } });
    expect(await cases([bytes])).toEqual([found]);
  });
});

describe('what is kept', () => {
  const keep: KeptSizes = { line: 10, failure: 20, output: 0, details: 'none' };

  test('of a long text is its beginning, in whole characters, and how much was cut', async () => {
    const long = 'é'.repeat(100);
    const found = await inCase(`<failure message="${long}">${long}</failure><system-out>${long}</system-out>`, keep);
    expect(found?.failure).toEqual({
      message: `${'é'.repeat(5)}… 190 bytes cut …`,
      type: '',
      text: `${'é'.repeat(10)}… 180 bytes cut …`,
    });
    expect(found?.systemOut).toBe('');
  });

  test('of a character that the limit divides is nothing', async () => {
    const found = await inCase(`<failure>${'a'.repeat(19)}&#x1F600;b</failure>`, keep);
    expect(found?.failure?.text).toBe(`${'a'.repeat(19)}… 5 bytes cut …`);
  });

  test('of a case without details is neither class nor state nor properties', async () => {
    const [found] = await read(
      '<testsuite><properties><property name="run" value="1"/></properties><testcase name="a" classname="c" status="passed"><properties><property name="k" value="v"/></properties></testcase></testsuite>',
      keep,
    );
    expect(found).toMatchObject({ name: 'a', classname: '', status: '', properties: {} });
  });

  test('of many failures of one case is no more than of one', async () => {
    const found = await inCase('<failure>0123456789</failure>'.repeat(1000), { ...ALL, failure: 100 });
    expect(found?.failure?.text.length).toBeLessThan(200);
  });
});

describe('an entity', () => {
  const laughs = `<!DOCTYPE a [<!ENTITY a "ha">${Array.from({ length: 9 }, (_, at) => `<!ENTITY ${'bcdefghij'[at]} "${`&${'abcdefghi'[at]};`.repeat(10)}">`).join('')}]>`;

  test('that is declared is never expanded', async () => {
    const [found] = await read(
      `${laughs}<testsuite><testcase name="&j;"><failure>&j; &x;</failure></testcase></testsuite>`,
    );
    expect(found).toMatchObject({ name: '&j;', failure: { text: '&j; &x;' } });
  });

  test('that nothing declares is an error', async () => {
    expect(await refusal('<testsuite name="&nbsp;"/>')).toMatch(/unknown entity &nbsp; at byte 17/);
  });

  test('declaration may hold quotes, comments and instructions', async () => {
    const doctype = `<!DOCTYPE a SYSTEM "x>y" [<!-- ' > --><!ENTITY q ']>'><?p ">" ?><!ELEMENT e (f)>] >`;
    expect(await read(`${doctype}<testsuite><testcase name="a"/></testsuite>`)).toHaveLength(1);
  });
});

describe('the encoding', () => {
  const text = '<?xml version="1.0" encoding="UTF-16"?><testsuite><testcase name="é\u{1F600}"/></testsuite>';
  const swapped = Buffer.from(`\ufeff${text}`, 'utf16le').swap16();

  test.each<[string, Buffer, string]>([
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text.replace('UTF-16', 'UTF-8')}`), 'é\u{1F600}'],
    ['UTF-16, little end first', Buffer.from(`\ufeff${text}`, 'utf16le'), 'é\u{1F600}'],
    ['UTF-16, big end first', swapped, 'é\u{1F600}'],
    ['UTF-16 without a mark', Buffer.from(text, 'utf16le'), 'é\u{1F600}'],
    [
      'Latin 1',
      Buffer.from(
        '<?xml version="1.0" encoding="ISO-8859-1"?><testsuite><testcase name="\xe9"/></testsuite>',
        'latin1',
      ),
      'é',
    ],
    [
      'Windows',
      Buffer.from(
        "<?xml version='1.0' encoding='windows-1252'?><testsuite><testcase name='\x80'/></testsuite>",
        'latin1',
      ),
      '€',
    ],
  ])('%s is understood, wherever the chunks end', async (_, bytes, name) => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      const [found] = await cases([bytes.subarray(0, cut), bytes.subarray(cut)]);
      expect(found?.name, `cut at ${cut}`).toBe(name);
    }
  });

  test.each<[string, Uint8Array, RegExp]>([
    [
      'that is unknown',
      Buffer.from('<?xml version="1.0" encoding="klingon"?><testsuite/>'),
      /its encoding, "klingon", is not known/,
    ],
    ['of four bytes', Buffer.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0]), /UTF-32, is not supported/],
    ['that the bytes do not have', Buffer.from('<testsuite name="\xe9"/>', 'latin1'), /no UTF-8/],
    ['UTF-8 cut within a character', Buffer.from('<testsuite name="é').subarray(0, -1), /no UTF-8/],
  ])('%s is an error', async (_, bytes, why) => {
    expect(await refusal(bytes)).toMatch(why);
  });
});

describe('a text that is not XML 1.0 is refused', () => {
  test.each([
    ['<?xml version="1.1"?><testsuite/>', 'its version, "1.1", is not supported'],
    ['<testsuite>\u0000</testsuite>', 'the control character U+0000 at byte 11'],
    ['<testsuite name="\u001b[0m"/>', 'the control character U+001B'],
    ['<testsuite>\ufffe</testsuite>', 'the forbidden character U+FFFE or U+FFFF'],
    ['<testsuite>&#27;</testsuite>', 'the forbidden character reference &#27;'],
    ['<testsuite>&#xD800;</testsuite>', 'the forbidden character reference'],
    ['<testsuite>a & b</testsuite>', 'an & that begins no reference'],
    ['<testsuite>a &amp b</testsuite>', 'an & that begins no reference'],
    ['<testsuite>a < b</testsuite>', 'a < that begins no tag'],
    ['<testsuite name="a<b"/>', 'a < in the value of name'],
    ['<testsuite name=a/>', 'a value without quotes'],
    ['<testsuite name/>', 'an attribute without a value'],
    ['<testsuite a="1"b="2"/>', '"b" in <testsuite>'],
    ['<testsuite/ >', 'a / in <testsuite>'],
    ['<testsuite><a></b></testsuite>', '</b> where <a> is open'],
    ['<testsuite></testsuite><testsuite/>', '<testsuite> after its root element'],
    ['<testsuite/></testsuite>', '</testsuite> after its root element'],
    ['<testsuite/>text', 'text outside of its root element'],
    ['<![CDATA[a]]><testsuite/>', 'text outside of its root element'],
    ['<!-- a -- b --><testsuite/>', 'a -- in a comment'],
    [' <?xml version="1.0"?><testsuite/>', 'an XML declaration after its beginning'],
    ['<testsuite/><!DOCTYPE a>', 'a document type after its beginning'],
    ['<!ELEMENT a><testsuite/>', 'an unknown declaration'],
    ['<testsuite><![CDATA[a', '<testsuite> is not closed'],
    ['<!-- a', 'its last tag is not complete'],
    ['<?xml version="1.0"?>', 'it has no element'],
  ])('%j', async (text, why) => {
    expect(await refusal(text)).toContain(why);
  });

  test.each([
    ['too many elements inside each other', '<testsuite>'.repeat(300), 'elements more than 256 deep'],
    ['a long name', `<testsuite ${'a'.repeat(9000)}="1"/>`, 'a name or white space of more than 4096 bytes'],
    ['a long space', `<testsuite a${' '.repeat(9000)}="1"/>`, 'a name or white space of more than 4096 bytes'],
    [
      'a long reference',
      `<testsuite>&${'a'.repeat(9000)};</testsuite>`,
      'a name or white space of more than 4096 bytes',
    ],
  ])('%s', async (_, text, why) => {
    expect(await refusal(text)).toContain(why);
    expect(await result(cutAt(Buffer.from(text), [4000, 8000]))).toContain(why);
  });
});
