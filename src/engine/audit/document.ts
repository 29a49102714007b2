import { createHash } from 'node:crypto';

/** A piece of a line: a text, or a text that leads to an address of this server or of the web. */
export type Piece = string | { readonly text: string; readonly href: string };
export type Line = Piece | readonly Piece[];

/** A page for people, apart from its form: what a ledger says is text, and never markup. */
export type Block =
  | { readonly heading: string; readonly level: 1 | 2 | 3 }
  | { readonly paragraph: Line }
  /** What a reader must see before anything else. */
  | { readonly banner: readonly Line[] }
  | { readonly facts: readonly (readonly [label: string, value: Line])[] }
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly Line[])[] };

export interface Document {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** Controls, directions, byte order marks and tags: a text with them does not read as it is written. Line breaks are none of them. */
const UNSEEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** A text in which everything can be seen: `[U+202E]` for what would change the direction of the rest. */
export const visible = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(UNSEEN, (character) => `[U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`)
    .replaceAll('\t', ' ');

/** An address that a reader may follow: of this server, or of the web by HTTP. Anything else, such as `javascript:`, stays a text. */
const isAddress = (href: string): boolean => {
  if (/^\/(?![/\\])/.test(href)) return true;
  if (!/^https?:\/\//i.test(href)) return false;
  return URL.canParse(href);
};

const piecesOf = (line: Line): readonly Piece[] => (Array.isArray(line) ? line : [line as Piece]);

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => visible(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);

const htmlPiece = (piece: Piece): string => {
  if (typeof piece === 'string') return `<bdi>${escaped(piece)}</bdi>`;
  const { text, href } = piece;
  if (!isAddress(href)) return `<bdi>${escaped(text)}</bdi>`;
  return `<a href="${escaped(addressOf(href))}" rel="noopener noreferrer nofollow"><bdi>${escaped(text)}</bdi></a>`;
};
/** Encoded once, whether it came encoded or not. */
const addressOf = (href: string): string => {
  const whole = href.toWellFormed();
  try {
    return encodeURI(decodeURI(whole));
  } catch {
    return encodeURI(whole);
  }
};
const htmlLine = (line: Line): string => piecesOf(line).map(htmlPiece).join('');

const htmlBlock = (block: Block): string => {
  if ('heading' in block) return `<h${block.level}>${escaped(block.heading)}</h${block.level}>`;
  if ('paragraph' in block) return `<p>${htmlLine(block.paragraph)}</p>`;
  if ('banner' in block) return `<ul class="banner" role="note">${block.banner.map((line) => `<li>${htmlLine(line)}</li>`).join('')}</ul>`;
  if ('facts' in block)
    return `<table class="facts"><tbody>${block.facts.map(([label, value]) => `<tr><th scope="row">${escaped(label)}</th><td>${htmlLine(value)}</td></tr>`).join('')}</tbody></table>`;
  const head = block.columns.map((name) => `<th scope="col">${escaped(name)}</th>`).join('');
  const rows = block.rows.map((row) => `<tr>${row.map((line) => `<td>${htmlLine(line)}</td>`).join('')}</tr>`).join('\n');
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${rows}\n</tbody></table>`;
};

const STYLE = `@page{size:A4;margin:16mm 14mm}
*{box-sizing:border-box}
body{font:10.5pt/1.4 system-ui,sans-serif;color:#111;background:#fff;max-width:182mm;margin:8mm auto;padding:0 4mm}
h1{font-size:16pt;margin:0 0 4mm}h2{font-size:12.5pt;margin:7mm 0 2mm;border-bottom:1px solid #888}h3{font-size:11pt;margin:4mm 0 1mm}
table{border-collapse:collapse;width:100%;margin:1mm 0 3mm;table-layout:fixed}
th,td{border:1px solid #aaa;padding:1mm 1.6mm;text-align:start;vertical-align:top}
th,td,p,li{overflow-wrap:anywhere;white-space:pre-wrap}
thead{display:table-header-group}thead th{background:#eee}
.facts th{width:38mm;background:#f5f5f5;font-weight:600}
.banner{border:2px solid #a33;padding:2mm 2mm 2mm 7mm;margin:0 0 4mm}
a{color:#114a9e}
@media print{body{margin:0;padding:0;max-width:none}a{color:inherit}h2,h3{break-after:avoid}tr{break-inside:avoid}.facts tr,.long tr{break-inside:auto}}`;

/** The policy of a page: its own style, and nothing else; no script, and nothing from elsewhere. A saved file carries it too. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** One file for a browser, for A4 and for keeping: no script, no image, no other file. */
export const htmlOf = ({ title, blocks }: Document): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${PAGE_POLICY}">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${blocks.map(htmlBlock).join('\n')}
</body>
</html>
`;

/** What would be markup inside a line of Markdown, or end it. */
const markdownText = (text: string): string =>
  visible(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_[\]|~]/g, String.raw`\$&`)
    .replaceAll(/[&<>]/g, (character) => ENTITIES[character]!);
const markdownPiece = (piece: Piece): string => {
  if (typeof piece === 'string') return markdownText(piece);
  const { text, href } = piece;
  if (!isAddress(href)) return markdownText(text);
  return `[${markdownText(text)}](<${addressOf(href).replaceAll(/[<>|\\]/g, (character) => encodeURIComponent(character))}>)`;
};
const markdownLine = (line: Line): string => piecesOf(line).map(markdownPiece).join('');

const markdownBlock = (block: Block): string => {
  if ('heading' in block) return `${'#'.repeat(block.level)} ${markdownText(block.heading)}`;
  if ('paragraph' in block) return markdownLine(block.paragraph);
  if ('banner' in block) return block.banner.map((line) => `> - ${markdownLine(line)}`).join('\n');
  const [columns, rows] = 'facts' in block ? [['', ''], block.facts] : [block.columns, block.rows];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(columns.map(markdownText)), line(columns.map(() => '---')), ...rows.map((row) => line(row.map(markdownLine)))].join('\n');
};

/** The same page as Markdown, with tables as GitHub reads them. */
export const markdownOf = ({ blocks }: Document): string => `${blocks.map(markdownBlock).join('\n\n')}\n`;
