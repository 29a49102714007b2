import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandPage, transitionsOf } from '../src/cli/command-docs.js';
import { rowsLine } from '../src/cli/readme.js';
import { contract } from '../src/domain/contract/index.js';
import { commands } from '../src/domain/index.js';
import { CHECKS } from '../src/domain/programme/policy.js';
import { recordStory } from '../src/cli/story.js';
import { startServer, stopServer, type Answer, type Server } from './http/server.js';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const demo = readFileSync(join(import.meta.dirname, '../docs/demo.md'), 'utf8');

const page = readFileSync(join(import.meta.dirname, '../docs/commands.md'), 'utf8');

describe('docs/commands.md', () => {
  it('is what `npm run readme` makes of the registry, and the README links it', () => {
    expect(page).toBe(commandPage());
    expect(readme).toContain('(docs/commands.md)');
  });

  it.each(commands.map((command) => [command.name, command] as const))('has %s with its events and every refusal', (name, command) => {
    const line = page.split('\n').find((text) => text.startsWith(`| ${name} |`))!;
    for (const found of [...command.events, ...Object.keys(command.refusals)]) expect(line).toContain(found);
    for (const [code, says] of Object.entries(command.refusals)) expect(page).toContain(`| \`${code}\` | ${says} |`);
  });

  it('draws the life of a contract: every stage, and the events between them', () => {
    const drawn = /## Contract\n[^`]*```mermaid\nstateDiagram-v2\n([^`]+)```/.exec(page)![1]!;
    const stages = contract.stages.filter((stage) => stage !== 'none').map((stage) => stage.replaceAll('-', '_'));
    for (const stage of stages) expect(drawn).toMatch(new RegExp(`--> ${stage}:`));
    const lines = drawn.split('\n').map((line) => line.trim());
    expect(lines).toContain('planned --> tendering: TenderOpened');
    expect(lines).toContain('awarded --> signed: ContractSigned');
    expect(lines).toContain('awarded --> tendering: ChallengeResolved');
    expect(lines).toContain('notice_given --> live: TerminationNoticeWithdrawn');
    expect(transitionsOf(contract, { notice: { was: 'signed' } }).get('notice-given --> signed')).toEqual(['TerminationNoticeWithdrawn']);
  });
});

it('the README lists every projection', () => expect(readme).toContain(rowsLine()));
it('the README names every check that a programme may adopt', () => {
  for (const check of CHECKS) expect(readme).toContain(`\`${check}\``);
});

describe("the Metropolitan Police's contracts, recorded over HTTP", () => {
  let server: Server;
  let pages: readonly string[];
  beforeAll(async () => {
    server = await startServer();
    pages = await recordStory(server.url, server.dir, () => undefined);
  }, 60_000);
  afterAll(() => stopServer(server));

  const timeless = (text: string) => text.replace(/recorded \S+ by/, 'recorded then by');

  it('give the boards that docs/demo.md shows', () => {
    for (const board of pages.slice(0, -1)) expect(demo).toContain(board);
  });

  it('give the audit that docs/demo.md shows, except for the time of recording', () =>
    expect(timeless(demo)).toContain(timeless(pages.at(-1)!)));

  it('give a losses statement of each year, as text and as CSV, and what another authority lost is in no line of it', async () => {
    const read = async (format: string) => (await server.get(`/projections/losses-statement?programme=met&format=${format}`)).text;
    const text = await read('text');
    expect(demo).toContain(text.trim());
    for (const line of ['£64.5m to £65.5m', 'written off £110,529.32', 'commandpoint: ', '= £110,529.32']) expect(text).toContain(line);
    const records = (await read('csv')).trim().split('\r\n').map((record) => record.split(',')); // prettier-ignore
    expect(records.map((record) => record.slice(1, 7).join(' '))).toEqual([
      'year row kind category bearer currency',
      '2015-16 line loss fruitless-payment authority GBP',
      '2015-16 line loss irrecoverable-debt authority GBP',
      '2015-16 net   authority GBP',
      'undated line loss irrecoverable-debt authority GBP',
    ]);
    expect(records[3]).toEqual(expect.arrayContaining(['110529.32', 'true']));
    const { body } = await server.get('/projections/losses-statement/year:met%2F2015-16/losses');
    expect(body.entries.map(({ loss }: { loss: string }) => loss).sort()).toEqual(['commandpoint', 'irrecoverable-debts-2013']);
  });

  it('print every line of the excerpt in the README', () => {
    const [, excerpt] = /A part of\nwhat it prints[^\n]*:\n\n```\n([^`]+)```/.exec(readme)!;
    const printed = new Set(timeless(pages.join('\n')).split('\n'));
    const lines = timeless(excerpt!).split('\n').filter((line) => line !== ''); // prettier-ignore
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(printed).toContain(line);
  });

  it('are all accepted, fault no stream, and log nothing', async () => {
    const { body } = await server.get('/projections');
    expect(body.projections.map(({ faulted }: { faulted: unknown[] }) => faulted)).toEqual(body.projections.map(() => []));
    expect(server.logged).toEqual([]);
  });

  describe("the README's calls", () => {
    const calls = [...readme.matchAll(/^curl '([^']+)'(?: -H '([^']+)')?(?: -d '([^']+)')?$/gm)].map(([, url, , body]) => ({ path: new URL(url!).pathname + new URL(url!).search, body })); // prettier-ignore
    const answerTo = (n: number): Promise<Answer> => {
      const { path, body } = calls[n]!;
      return body === undefined ? server.get(path) : server.post(path, body);
    };

    it('are seven', () => expect(calls).toHaveLength(7));

    it('show the service integrator: undisclosed at first, then £96m, now £176.8m', async () => {
      const { status, body } = await answerTo(0);
      expect(status).toBe(200);
      expect([body.state.original.amount, body.state.ceiling.amount, body.state.stage]).toEqual(['96000000.00', '176800000.00', 'live']);
      const { body: before } = await server.get(`${calls[0]!.path}?revision=0`);
      expect(before.state.original).toEqual({ undisclosed: true });
    });

    it('find both decisions taken on one paper', async () => {
      const { body } = await answerTo(1);
      expect(body.decisions.map(({ stream }: { stream: string }) => stream).sort()).toEqual([
        'contract-met-dcms-keysource',
        'contract-met-siam-atos',
      ]);
    });

    it('show the board at the end of 2016, and what of it may be later', async () => {
      const { status, body } = await answerTo(2);
      expect([status, body.asOf.effectiveOn]).toEqual([200, '2016-12-31']);
      const { contracts, uncertain } = body.rows.find(({ key }: { key: string }) => key === 'tower:service-integration');
      expect(contracts.map(({ contract }: { contract: string }) => contract).sort()).toEqual(['met-sdim-atos', 'met-siam-atos']);
      expect(uncertain.counts.inside).toBeGreaterThan(0);
    });

    it('make a dry run that records nothing', async () => {
      const head = (await server.get('/events?limit=500')).body.events.length;
      const { status, body } = await answerTo(3);
      expect([status, body.outcome, body.events]).toEqual([200, 'dry-run', [{ type: 'ContractSigned', data: {} }]]);
      expect((await server.get('/events?limit=500')).body.events).toHaveLength(head);
    });

    it('award a contract, after a programme and a supplier, with who decided it and on which grounds', async () => {
      for (const n of [4, 5, 6]) expect(await answerTo(n)).toMatchObject({ status: 201 });
      const { record } = JSON.parse(calls[6]!.body!) as { readonly record: { readonly authority: object; readonly decidedBy: object } };
      const { body } = await server.get('/contracts/barrier/history');
      expect(body.entries).toMatchObject([
        { type: 'ContractAwarded', effectiveOn: '2025-03-03', authority: record.authority, decidedBy: record.decidedBy },
      ]);
    });
  });

  it('give the figures printed in the papers', async () => {
    const { body } = await server.get('/projections/tower-board/tower%3Aservice-integration');
    const siam = body.row.contracts.find(({ contract }: { contract: string }) => contract === 'met-siam-atos');
    expect(siam.changes.flatMap(({ figures }: { figures?: object }) => (figures ? [figures] : []))).toEqual([
      { stepOverOriginal: '0.489583', stepOverCurrent: '0.489583', cumulativeOverOriginal: '0.489583' },
      { stepOverOriginal: '0.352083', stepOverCurrent: '0.236364', cumulativeOverOriginal: '0.841667' },
    ]);
  });
});
