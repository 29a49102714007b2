import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { movementsOf, registerOf } from '../src/cli/staff.js';
import { startServer, stopServer, type Server } from './http/server.js';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const [, section] = /\n## A transfer of staff[^\n]*\n([^]*?)\n## /.exec(readme)!;
const [, lines, output] = /```jsonl\n([^`]+)```[^`]*(?:`[^`]+`[^`]*)*?```\n([^`]+)```/.exec(section!)!;
const steps = lines!.trim().split('\n').map((line) => JSON.parse(line) as { post: string; body: object }); // prettier-ignore

describe("the README's transfer of staff, by an HR specialist", () => {
  let server: Server;
  let answers: number[];
  beforeAll(async () => {
    server = await startServer();
    answers = [];
    for (const { post, body } of steps) answers.push((await server.post(post, JSON.stringify(body))).status);
  }, 60_000);
  afterAll(() => stopServer(server));

  it('has eleven lines, all accepted', () => expect(answers).toEqual(Array(11).fill(201)));

  it('gives the register and the movement table that it shows', async () => {
    const { body: head } = await server.get('/workforces/desk');
    const { body: register } = await server.get(`/projections/transfer-register?programme=desk&kind=transfer&minPosition=${head.position}`);
    const { body: movements } = await server.get(`/projections/staff-movements?programme=desk&minPosition=${head.position}`);
    const shown = new Set([...registerOf('', register.rows).split('\n'), ...movementsOf('', movements.rows.filter((row: { kind: string }) => row.kind === 'pool')).split('\n')]); // prettier-ignore
    const expected = output!.trimEnd().split('\n');
    expect(expected.length).toBeGreaterThan(8);
    for (const line of expected) expect(shown).toContain(line);
    const [pool] = movements.rows.filter((row: { function: string; unit: string; employer: string }) => row.employer === 'authority' && row.function === 'it' && row.unit === 'people'); // prettier-ignore
    expect([pool.closing, pool.balances]).toEqual(['499 people', true]);
  });
});
