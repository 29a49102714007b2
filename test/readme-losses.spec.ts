import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer, stopServer, type Answer, type Server } from './http/server.js';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const [, block] = /\n## A matter of losses[^\n]*\n[^`]*(?:`[^`\n]+`[^`]*)*```\n([^`]+)```/.exec(readme)!;
const lines = [...block!.matchAll(/^(GET|POST) (\S+)(?: (\{.*\}))? → (\d{3})(?: (.*))?$/gm)].map(
  ([, method, path, body, status, words = '']) => ({ method: method!, path: path!, body, status: Number(status), words }),
);

describe("the README's matter of losses, by an accountant", () => {
  let server: Server;
  beforeAll(async () => void (server = await startServer()));
  afterAll(() => stopServer(server));

  it('has ten lines', () => expect(lines).toHaveLength(10));

  it('gives what each line says', async () => {
    let position = '';
    for (const { method, path, body, status, words } of lines) {
      const read = `${path}${path.includes('?') ? '&' : '?'}minPosition=${position}`;
      const answer: Answer = method === 'GET' ? await server.get(read) : await server.post(path, body);
      expect([path, answer.status]).toEqual([path, status]);
      const text = answer.body ? JSON.stringify(answer.body) : answer.text;
      expect(text).toContain(words);
      position = answer.body?.position ?? position;
    }
  });

  it('ends in a statement as CSV, which names its columns, and has no other form', async () => {
    const csv = await server.get('/projections/losses-statement?programme=walk&format=csv');
    expect([csv.status, csv.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    const [head, ...records] = csv.text.trimEnd().split('\r\n');
    expect(head!.split(',').slice(0, 7)).toEqual(['programme', 'year', 'row', 'kind', 'category', 'bearer', 'currency']);
    expect(records.map((record) => record.split(',')[2])).toEqual(['line', 'net']);
    const none = await fetch(`${server.url}/projections/losses-statement?programme=none&format=csv`);
    expect(Buffer.from(await none.arrayBuffer()).toString()).toBe(`\ufeff${head}\r\n`);
    expect((await server.get('/projections/losses-statement?format=pdf')).body.errors).toEqual([
      { parameter: 'format', detail: 'is none that losses-statement has: csv, text' },
    ]);
    expect((await server.get('/projections/money?format=csv')).body.errors).toEqual([
      { parameter: 'format', detail: 'is none that money has: it has JSON alone' },
    ]);
    expect((await server.get('/projections/losses-statement?format=csv&limit=3')).body.errors).toMatchObject([{ parameter: 'limit' }]);
  });

  it('takes a decision again from what was known of the case', async () => {
    const { body } = await server.get('/losses/walk-a/history');
    const { decision } = body.entries.find(({ type }: { type: string }) => type === 'WrittenOff');
    const { body: replay } = await server.get(`/decisions/${decision}/replay`);
    expect([replay.same, replay.known.map(({ stream }: { stream: string }) => stream)]).toEqual([
      true,
      ['loss-walk-a', 'programme-walk', 'loss-walk-b'],
    ]);
  });
});
