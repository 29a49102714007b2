import { importFile } from '../../src/cli/importer.js';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Server } from '../http/server.js';

/** The page as text: tags are gone, blanks are one, characters are as people read them. */
export const textOf = (html: string): string =>
  html
    .replaceAll(/<(script|style|svg)\b.*?<\/\1>/gs, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&(lt|gt|quot|amp|#39);/g, (_, name: string) => ({ lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" })[name]!)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ([,.:;)])/g, '$1');

/** The row of a table that holds a text. */
export const rowWith = (html: string, text: string): string => textOf([...html.matchAll(/<tr\b.*?<\/tr>/gs)].map(([row]) => row).find((row) => row.includes(text)) ?? ''); // prettier-ignore

const inPages = { accept: 'text/html' };
export const pageOf = async (
  { get }: Server,
  path: string,
): Promise<{ readonly status: number; readonly html: string; readonly text: string; readonly headers: Headers }> => {
  const { status, text: html, headers } = await get(path, inPages);
  return { status, html, text: textOf(html), headers };
};

/** Records the Metropolitan Police's contracts. */
export const recordStory = async ({ url }: Pick<Server, 'url'>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'tower-ledger-story-'));
  try {
    const file = join(import.meta.dirname, '../../src/cli/met-police.jsonl');
    const { refused, broken, failed } = await importFile({
      file, folder, url, actor: 'contract-manager', connections: 1, answered: () => undefined, progress: () => undefined, marked: async () => undefined }); // prettier-ignore
    if (refused + broken + failed > 0) throw new Error('The story was not accepted.');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const TAG =
  /<(input|textarea|select)\b((?:"[^"]*"|[^">])*)>(?:([^<]*)<\/textarea>|((?:<option\b(?:"[^"]*"|[^">])*>[^<]*<\/option>|\s)*)<\/select>)?/g;
const unescaped = (text: string): string => text.replaceAll(/&(lt|gt|quot|amp|#39);/g, (_, name: string) => ({ lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" })[name]!); // prettier-ignore
const attribute = (tag: string, name: string): string | undefined => {
  const found = new RegExp(`\\s${name}(?:="([^"]*)")?(?=[\\s/]|$)`).exec(tag);
  return found ? unescaped(found[1] ?? '') : undefined;
};
/** What a browser would send of the form of a page that nobody touched. */
export const formIn = (html: string): URLSearchParams => {
  const sent = new URLSearchParams();
  for (const [, tag, attributes, text, options] of html.slice(html.indexOf('<main')).matchAll(TAG)) {
    const name = attribute(attributes!, 'name');
    if (name === undefined) continue;
    const all = [...(options ?? '').matchAll(/<option\b((?:"[^"]*"|[^">])*)>/g)].map(([, of]) => of!);
    const chosen = all.find((of) => attribute(of, 'selected') !== undefined) ?? all[0] ?? '';
    if (tag === 'textarea') sent.append(name, unescaped(text ?? '').replaceAll('\n', '\r\n'));
    else sent.append(name, attribute(tag === 'select' ? chosen : attributes!, 'value') ?? '');
  }
  return sent;
};
