import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordStory } from '../../src/cli/story.js';
import { startServer, stopServer, type Server } from '../http/server.js';

interface Line {
  readonly key: string;
  readonly post: string;
  readonly mark?: string;
  readonly body: { readonly record: { readonly evidence: readonly { readonly uri?: string; readonly title?: string }[] } };
}
const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const lines = read('src/cli/met-police.jsonl').trim().split('\n').map((line): Line => JSON.parse(line)); // prettier-ignore
const sent = lines.filter(({ mark }) => mark === undefined);
const isInvented = ({ key }: Line): boolean => key === 'example' || key.startsWith('example-');

describe('the story of the Metropolitan Police', () => {
  let server: Server;
  let boards: { readonly [title: string]: string };
  let suppliers: string;
  beforeAll(async () => {
    server = await startServer();
    const pages = await recordStory(server.url, server.dir, () => undefined);
    const of = (title: RegExp) => pages.find((page) => title.test(page))!;
    boards = {
      now: of(/^As it is known now/),
      2016: of(/^On 2016-12-31, as it is known now/),
      2020: of(/^On 2020-12-31, as it is known now/),
    };
    suppliers = of(/^Suppliers: As it is known now/);
  }, 60_000);
  afterAll(() => stopServer(server));

  it('has the address of a source in every line, and no other line is without one but those of the invented example', () => {
    const without = sent.filter((line) => !line.body.record.evidence.some(({ uri }) => uri?.startsWith('http')));
    expect(without.map(({ key }) => key)).toEqual(sent.filter(isInvented).map(({ key }) => key));
    for (const { body } of sent.filter(isInvented)) expect(body.record.evidence[0]!.title).toMatch(/^An invented example/);
  });

  it('has SIAM at £96m with Atos at the end of 2016, and at £176.8m at the end of 2020 and now', () => {
    expect(boards[2016]).toMatch(/met-siam-atos · Atos +£96m {2}/);
    expect(boards[2020]).toMatch(/met-siam-atos · Atos +£96m → £176\.8m \(\+84\.2 %\)/);
    expect(boards['now']).toMatch(/met-siam-atos · Atos +£96m → £176\.8m \(\+84\.2 %\)/);
  });

  it('has SDIM with Atos until November 2023, and with Eviden after', async () => {
    for (const year of ['2016', '2020']) {
      expect(boards[year]).toMatch(/met-sdim-atos · Atos /);
      expect(boards[year]).toContain('becomes Eviden on 2023-11');
    }
    expect(boards['now']).toMatch(/met-sdim-atos · Eviden /);
    const on = async (day: string) =>
      (await server.get(`/projections/contract-register/contract:met-sdim-atos?effectiveOn=${day}`)).body.row.supplierName;
    expect([await on('2023-10-31'), await on('2023-12-01')]).toEqual(['Atos', 'Eviden']);
  });

  it.each([
    ['the data centre, since its last day and those of no open option have passed', 'met-dcms-keysource', 'past its end since 2020-09-01'],
    ['SIAM, which was never extended', 'met-siam-atos', 'past its end since 2020-11-02'],
    ['SDIM, of which one option is exercised and one is sought', 'met-sdim-atos', 'past its end since 2024-12-01'],
    ['CommandPoint', 'met-commandpoint-northrop', 'terminated on 2016-03-11: Failure to deliver'],
    ['its integration, because of the other end', 'met-commandpoint-lockheed', 'caused by met-commandpoint-northrop'],
  ])('marks what has ended: %s', (_, contract, mark) => {
    const own = boards['now']!.split(/\n(?=\S| {20,}\w)/).find((part) => part.includes(`${contract} · `))!;
    expect(own).toContain(mark);
  });

  it('has the loss of CommandPoint, borne by the authority, about £65m', () => {
    for (const board of Object.values(boards)) expect(board).toContain('loss (authority): about £65m');
    expect(suppliers).toMatch(/Northrop Grumman +1 unknown\n {4}loss borne by the authority: about £65m/);
  });

  it('names Sopra Steria as the partner of the joint venture beside its £216m', () =>
    expect(suppliers).toMatch(/Shared Services Connected Ltd {2}£216m, joint venture of Sopra Steria\n/));

  // No source says since when the scheme was in force: it is cited by a paper of 2019-04 at the latest, the first uplifts may be earlier.
  it.each(['met-siam-atos', 'met-dcms-keysource'])(
    'truly assesses the uplift of %s by PCD 813, and says why an earlier one cannot be',
    async (contract) => {
      const { body } = await server.get(`/projections/tower-board/contract:${contract}/changes`);
      const uplifts = body.entries.filter(({ kind }: { kind: string }) => kind === 'value');
      expect(uplifts).toMatchObject([
        { reference: 'PCD 813', assessed: [{ rule: 'scheme-of-consent/approval', result: 'met' }] },
        { assessed: [{ result: 'not-assessable', note: 'Whether the policy was in force on that day is not known.' }] },
      ]);
    },
  );

  it('keeps no claim as a conflict that says what was disclosed', async () => {
    const { body } = await server.get('/projections/contract-register/contract:met-siam-atos');
    expect(body.row.ceiling.amount).toBe('176800000.00');
    expect(body.row.trail.claims.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/effectiveOn']);
  });

  it('is described in the README: what is a fact, a claim, a note, and what is not held', async () => {
    const [, facts, claims, notes, missing] = /\n\| as facts \|(.+)\|\n\| as claims[^|]*\|(.+)\|\n\| as notes \|(.+)\|\n\| not held \|(.+)\|\n/.exec(read('README.md'))!; // prettier-ignore
    const noted = lines.filter(({ post }) => post?.endsWith('/annotate')) as unknown as { body: { claim?: object } }[];
    const claimed = noted.filter(({ body }) => body.claim !== undefined);
    // Each claim of the story, and no other: 95m, 90m, 2014, February 2016, November 2015, 2024, May 2023, 672, February 2015, 96m.
    expect(claims!.split(/,|;|\band\b|\bor\b/).filter((part) => part.trim() !== '')).toHaveLength(claimed.length);
    expect(notes!.split(',')).toHaveLength(noted.length - claimed.length);
    for (const text of ['both uplifts', 'scheme of consent']) expect(facts).toContain(text);
    expect(missing).toContain('the novation of the applications');
    const { body } = await server.get('/projections/exposure/supplier:eviden');
    expect(body.row.contracts.map(({ contract }: { contract: string }) => contract)).toEqual(['met-sdim-atos']);
  });
});
