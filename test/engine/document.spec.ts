import { describe, expect, it } from '@jest/globals';
import { htmlOf, markdownOf, PAGE_POLICY, visible, type Document, type Line } from '../../src/engine/audit/document.js';

const page = (line: Line): Document => ({
  title: 'A page',
  blocks: [
    { heading: 'A page', level: 1 },
    { banner: [line] },
    { facts: [['Said', line]] },
    { columns: ['Said'], rows: [[line], [[line].flat()]] },
    { paragraph: line },
  ],
});
const tagsIn = (html: string): string[] => [...html.matchAll(/<\/?([a-z0-9]+)/g)].map(([, name]) => name!);
const plainTags = new Set(tagsIn(htmlOf(page('plain'))));

describe('a page that shows what somebody wrote', () => {
  it.each([
    '<script>alert(1)</script>',
    '</bdi></td></table><img src=x onerror=alert(1)>',
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '&lt;b&gt; &#60;i&#62;',
    '</style><style>*{background:url(//evil.example)}',
    '<!-- ',
    ']]><meta http-equiv=refresh content=0>',
  ])('holds %s as text', (text) => {
    const html = htmlOf({ ...page(text), title: text });
    expect(new Set(tagsIn(html))).toEqual(plainTags);
    expect(html).not.toMatch(/<[^>]*\son\w+=/);
    expect(html).toContain(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')); // prettier-ignore
  });

  it('writes out what would turn a text round or hide a part of it', () => {
    const text = 'Paid \u202e001£\u202c to\u2066 A\u2069\u200b\u0007\ufeff\u{e0041}';
    expect(visible(text)).toBe('Paid [U+202E]001£[U+202C] to[U+2066] A[U+2069][U+200B][U+0007][U+FEFF][U+E0041]');
    for (const out of [htmlOf(page(text)), markdownOf(page(text))])
      expect(out).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\u0007\ufeff]/);
    expect(visible('Grüße, 東京, שלום, 👩‍👩‍👧')).toBe('Grüße, 東京, שלום, 👩‍👩‍👧');
    expect(visible('half \ud800')).toBe('half \ufffd');
  });

  it('sets every text apart, so that its direction ends with it', () => {
    expect(htmlOf(page('שלום'))).not.toMatch(/<(td|p|li)>[^<]/);
  });

  it('holds 5,000 characters without a blank whole, and lets them break', () => {
    const text = 'x'.repeat(5000);
    expect(htmlOf(page(text))).toContain(`<td><bdi>${text}</bdi></td>`);
    expect(htmlOf(page(text))).toContain('overflow-wrap:anywhere');
  });

  it('links to this server and to the web, and to nothing else', () => {
    const linksTo = (href: string) => [...htmlOf(page({ text: 'it', href })).matchAll(/href="([^"]*)"/g)].map(([, to]) => to)[0];
    expect(linksTo('/decisions/1')).toBe('/decisions/1');
    expect(linksTo('https://example.org/a b?c="d"')).toBe('https://example.org/a%20b?c=%22d%22');
    expect(linksTo('https://example.org/a%20b')).toBe('https://example.org/a%20b');
    for (const href of ['javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'data:text/html,x', '//evil.example', '/\\evil.example', 'file:///etc', 'https://', ' https://x'])
      expect([href, linksTo(href)]).toEqual([href, undefined]); // prettier-ignore
  });

  it('has no script and nothing from elsewhere, for A4, under a policy that allows neither', () => {
    const html = htmlOf(page('plain'));
    expect(html).not.toMatch(/<(script|link|img|iframe|object|embed|base|form)\b|@import|url\(/i);
    expect(html).toContain('@page{size:A4');
    expect(html).toContain(`<meta http-equiv="Content-Security-Policy" content="${PAGE_POLICY}">`);
    expect(PAGE_POLICY).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /);
  });
});

describe('the same page as Markdown', () => {
  it.each([
    ['<script>', '&lt;script&gt;'],
    ['a | b', String.raw`a \| b`],
    ['**bold** _it_ `code` ~~no~~', String.raw`\*\*bold\*\* \_it\_ \`code\` \~\~no\~\~`],
    ['[click](javascript:alert)', String.raw`\[click\](javascript:alert)`],
    ['back\\slash', String.raw`back\\slash`],
    ['one\n\n# two\r\n- three', 'one # two - three'],
  ])('holds %j as text', (text, escaped) => {
    const markdown = markdownOf(page(text));
    expect(markdown).toContain(`| Said | ${escaped} |`);
    expect(markdown.split('\n').filter((line) => line.startsWith('#'))).toEqual(['# A page']);
  });

  it('keeps an address from ending its link', () => {
    expect(markdownOf(page({ text: 'it', href: 'https://example.org/<x>|)' }))).toContain('[it](<https://example.org/%3Cx%3E%7C)>)');
    expect(markdownOf(page({ text: 'it', href: 'javascript:x' }))).not.toContain('](');
  });
});

describe('each part of a page', () => {
  const blocks: Document['blocks'] = [
    { heading: 'A <page>', level: 2 },
    { paragraph: ['See ', { text: 'this & that', href: '/a' }, '.'] },
    { banner: ['One', ['Two ', 'three']] },
    {
      facts: [
        ['Said', 'yes'],
        ['By', 'ana'],
      ],
    },
    {
      columns: ['Field', 'Value'],
      rows: [
        ['a', 'b'],
        ['c', ['d', 'e']],
      ],
    },
  ];

  it('as HTML', () =>
    expect(htmlOf({ title: 'A <title>', blocks })).toBe(
      htmlOf({ title: 'A <title>', blocks: [] }).replace(
        '<body>\n\n</body>',
        `<body>
<h2>A &lt;page&gt;</h2>
<p><bdi>See </bdi><a href="/a" rel="noopener noreferrer nofollow"><bdi>this &amp; that</bdi></a><bdi>.</bdi></p>
<ul class="banner" role="note"><li><bdi>One</bdi></li><li><bdi>Two </bdi><bdi>three</bdi></li></ul>
<table class="facts"><tbody><tr><th scope="row">Said</th><td><bdi>yes</bdi></td></tr><tr><th scope="row">By</th><td><bdi>ana</bdi></td></tr></tbody></table>
<table><thead><tr><th scope="col">Field</th><th scope="col">Value</th></tr></thead><tbody>
<tr><td><bdi>a</bdi></td><td><bdi>b</bdi></td></tr>
<tr><td><bdi>c</bdi></td><td><bdi>d</bdi><bdi>e</bdi></td></tr>
</tbody></table>
</body>`,
      ),
    ));

  it('as Markdown', () =>
    expect(markdownOf({ title: 'A page', blocks })).toBe(`## A &lt;page&gt;

See [this &amp; that](</a>).

> - One
> - Two three

|  |  |
| --- | --- |
| Said | yes |
| By | ana |

| Field | Value |
| --- | --- |
| a | b |
| c | de |
`));
});
