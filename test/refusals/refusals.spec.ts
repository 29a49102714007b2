import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bounded, refusalIn, type Refusal, type Refused } from '../../src/refusals/refusal.js';
import { AutomationRefusals } from '../../src/refusals/automation-refusals.js';
import { RefusalFolder } from '../../src/refusals/refusal-folder.js';
import { RefusalRecorder } from '../../src/refusals/refusal-recorder.js';

const DAY = 86_400_000;
let dir: string;
let at: number;
let logged: string[];
let recorder: RefusalRecorder;

const opened = async (more: { readonly maxBytes?: number; readonly maxDays?: number; readonly ledger?: string } = {}) =>
  RefusalRecorder.open({
    dir,
    ledger: 'ours',
    maxBytes: 1_000_000,
    maxDays: 400,
    now: () => new Date(at).toISOString(),
    log: (message) => logged.push(message),
    ...more,
  });
const ruled = (more: Partial<Refused> = {}): Refused => ({
  status: 409,
  code: 'contract/stage',
  detail: 'The contract is closed.',
  actor: 'jane',
  command: 'SignContract',
  stream: 'contract-x',
  ...more,
});
const stranger = (address: string): Refused => ({ status: 401, code: 'not-authenticated', detail: 'Send a token.', address });
const all = async (from = recorder, before?: number): Promise<Refusal[]> => {
  const found: Refusal[] = [];
  for await (const { rows } of from.newestFirst(before)) found.push(...rows);
  return found;
};
const files = async (): Promise<string[]> => (await readdir(join(dir, 'refusals')).catch(() => [])).sort();
const fileOf = async (series: string): Promise<string> =>
  join(
    dir,
    'refusals',
    (await files()).findLast((name) => name.startsWith(series))!,
  );
const bytes = async (): Promise<number> =>
  (await Promise.all((await files()).map((name) => stat(join(dir, 'refusals', name))))).reduce((sum, { size }) => sum + size, 0);

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tower-ledger-refusals-'));
  at = Date.parse('2026-03-04T09:30:00.000Z');
  logged = [];
  recorder = await opened();
});
afterEach(async () => {
  await recorder.close();
  await rm(dir, { recursive: true, force: true });
});

describe('a refusal', () => {
  it('is remembered with who, what, when and why, and is there after a restart', async () => {
    const policies = ['scheme/approval'];
    recorder.note(ruled({ policies, pointer: '/value', role: 'approver', idempotencyKey: 'k-1', correlationId: 'c', programme: 'met' }));
    const [found] = await all();
    expect(found).toEqual({
      ...ruled({ policies, pointer: '/value', role: 'approver', idempotencyKey: 'k-1', correlationId: 'c', programme: 'met' }),
      id: expect.stringMatching(/^\d{16}$/),
      refusedAt: '2026-03-04T09:30:00.000Z',
      times: 1,
    });
    await recorder.close();
    recorder = await opened();
    expect(await all()).toEqual([found]);
    expect((await stat(await fileOf('people'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(dir, 'refusals'))).mode & 0o777).toBe(0o700);
  });

  it('goes to the disk within a second, also when nobody reads', async () => {
    recorder.note(ruled());
    expect(await files()).toEqual([]);
    await new Promise((resume) => setTimeout(resume, 1200));
    expect(await readFile(await fileOf('people'), 'utf8')).toContain('"contract-x"');
  });

  it('has a place of its own within a millisecond, and after a clock that went back', async () => {
    for (const stream of ['contract-a', 'contract-b']) recorder.note(ruled({ stream }));
    at -= 5000;
    recorder.note(ruled({ stream: 'contract-c' }));
    await recorder.close();
    at -= 5000;
    recorder = await opened();
    recorder.note(ruled({ stream: 'contract-d' }));
    const found = await all();
    expect(found.map(({ stream }) => stream)).toEqual(['contract-d', 'contract-c', 'contract-b', 'contract-a']);
    expect(new Set(found.map(({ id }) => id)).size).toBe(4);
    expect((await all(recorder, Number(found[1]!.id))).map(({ stream }) => stream)).toEqual(['contract-b', 'contract-a']);
  });

  it('keeps 500 characters of a sentence, whole ones, and some of every other text', () => {
    const long = bounded(ruled({ detail: `${'x'.repeat(498)}😀${'y'.repeat(4500)}`, pointer: `/${'p'.repeat(999)}`, stream: 's'.repeat(999), policies: Array.from({ length: 40 }, () => 'r'.repeat(999)) })); // prettier-ignore
    expect(long.detail).toBe(`${'x'.repeat(498)}…`);
    expect(long.detail!.isWellFormed()).toBe(true);
    expect([long.pointer, long.stream].map((text) => text?.length)).toEqual([200, 128]);
    expect(long.policies).toEqual(Array.from({ length: 10 }, () => `${'r'.repeat(159)}…`));
    expect(bounded(ruled({ detail: 'x'.repeat(500) })).detail).toBe('x'.repeat(500));
    expect(bounded(ruled({ policies: [] }))).toEqual(ruled());
  });

  it.each([
    ['no JSON', '{"id"'],
    ['nothing', 'null'],
    ['a number', '1'],
    ['an id of another form', { id: '12' }],
    ['an id that is a number', { id: 1_795_697_202_704_000 }],
    ['an instant in a list', { refusedAt: ['2026-03-04T09:30:00.000Z'] }],
    ['an end in a list', { until: ['2026-03-04T09:30:00.000Z'] }],
    ['policies of which one is a number', { policies: ['a/b', 1] }],
    ['no instant', { refusedAt: 'yesterday' }],
    ['an end that is no instant', { until: 'tomorrow' }],
    ['no number', { times: 0.5 }],
    ['none', { times: 0 }],
    ['a status of success', { status: 200 }],
    ['no code', { code: 1 }],
    ['a person that is a list', { actor: ['jane'] }],
    ['policies that are a text', { policies: 'all' }],
    ['policies that are numbers', { policies: [1] }],
    ['another group', { grouped: 'yes' }],
  ])('is not read from a line with %s', (_, change) => {
    const right = { id: '0'.repeat(16), refusedAt: '2026-03-04T09:30:00.000Z', times: 1, ...ruled() };
    expect(refusalIn(JSON.stringify(right))).toEqual(right);
    expect(refusalIn(typeof change === 'string' ? change : JSON.stringify({ ...right, ...change }))).toBeUndefined();
  });

  it('is read without fields that are none of its own', () => {
    const instant = '2026-03-04T09:30:00.000Z';
    const right = { id: '0'.repeat(16), refusedAt: instant, until: instant, times: 2, grouped: true, policies: ['a/b'], ...ruled() };
    expect(refusalIn(JSON.stringify({ ...right, body: 'secret' }))).toEqual(right);
  });
});

describe('refusals in a loop', () => {
  it('of the same command are one line, and a second one with how many followed in the minute', async () => {
    for (let n = 0; n < 1000; n++, at += 10) recorder.note(ruled());
    expect((await all()).map(({ times, until }) => [times, until])).toEqual([[1000, new Date(at - 10).toISOString()]]);
    at = Date.parse('2026-03-04T09:30:59.999Z');
    recorder.note(ruled());
    at++;
    recorder.note(ruled());
    const found = await all();
    expect(found.map(({ times }) => times)).toEqual([1, 1000, 1]);
    expect(found[1]).toMatchObject({ refusedAt: '2026-03-04T09:30:00.010Z', until: '2026-03-04T09:30:59.999Z', stream: 'contract-x' });
    expect(recorder.counts).toEqual(new Map([[409, 1002]]));
  });

  it('are counted together only where all that is kept of them is the same', async () => {
    const different: Partial<Refused>[] = [{}, { actor: 'otto' }, { role: 'x' }, { stream: 'contract-y' }, { idempotencyKey: 'k' }, { correlationId: 'k' }, { detail: 'other' }, { code: 'contract/exists' }, { pointer: '/a' }, { policies: ['a/b'] }, { programme: 'met' }]; // prettier-ignore
    for (const more of different) recorder.note(ruled(more));
    expect(await all()).toHaveLength(different.length);
  });

  it('of many thousand different ones of one person take some kilobytes, are all counted, and push out nobody else’s', async () => {
    recorder.note(ruled({ actor: 'otto', stream: 'contract-before' }));
    for (let n = 0; n < 20_000; n++) recorder.note(ruled({ stream: `contract-${n}`, idempotencyKey: String(n) }));
    recorder.note(ruled({ actor: 'otto', stream: 'contract-after' }));
    const found = await all();
    expect(found.filter(({ actor }) => actor === 'otto').map(({ stream }) => stream)).toEqual(['contract-after', 'contract-before']);
    expect(found.reduce((sum, { times }) => sum + times, 0)).toBe(20_002);
    expect(found.filter(({ grouped }) => grouped)).toEqual([
      expect.objectContaining({ actor: 'jane', command: 'SignContract', code: 'contract/stage', status: 409, times: 19_700 }),
    ]);
    expect(found.find(({ grouped }) => grouped)).not.toHaveProperty('stream');
    expect(found).toHaveLength(303);
    expect(await bytes()).toBeLessThan(200_000);
  });

  it('stay a group where their number follows at the end of the minute; one that came twice has no end of its own', async () => {
    for (let n = 0; n < 310; n++) recorder.note(ruled({ stream: `contract-${n}` }));
    for (let n = 0; n < 2; n++) recorder.note(ruled({ actor: 'otto' }));
    at += 60_000;
    recorder.note(ruled({ actor: 'ana' }));
    const [, ottos, janes] = await all();
    expect(ottos).toMatchObject({ actor: 'otto', times: 1, refusedAt: '2026-03-04T09:30:00.000Z' });
    expect(ottos).not.toHaveProperty('until');
    expect(ottos).not.toHaveProperty('grouped');
    expect(janes).toMatchObject({ actor: 'jane', times: 9, grouped: true, until: '2026-03-04T09:30:00.000Z' });
  });

  it('get room for 10 more of one person with each minute', async () => {
    for (let n = 0; n < 400; n++) recorder.note(ruled({ stream: `contract-${n}` }));
    at += 60_000;
    for (let n = 0; n < 400; n++) recorder.note(ruled({ stream: `contract-later-${n}` }));
    const found = await all();
    expect(found.filter(({ stream }) => stream?.startsWith('contract-later'))).toHaveLength(10);
    expect(found.reduce((sum, { times }) => sum + times, 0)).toBe(800);
  });

  it('under many names are counted in the memory of a few', async () => {
    for (let n = 0; n < 20_000; n++) recorder.note(ruled({ actor: `nobody-${n}` }));
    const found = await all();
    expect(found.reduce((sum, { times }) => sum + times, 0)).toBe(20_000);
    expect(found.at(0)).toMatchObject({ grouped: true, status: 409, code: 'contract/stage' });
    expect(found.at(0)).not.toHaveProperty('actor');
    expect(await bytes()).toBeLessThan(900_000);
    expect(recorder.unremembered).toBe(0);
  });

  it('of one address are counted together before those of another one', async () => {
    for (let n = 0; n < 40; n++) recorder.note({ ...stranger('192.0.2.1'), request: `GET /${n}` });
    recorder.note({ ...stranger('192.0.2.2'), request: 'GET /quiet' });
    const found = await all();
    expect(found[0]).toMatchObject({ address: '192.0.2.2', request: 'GET /quiet' });
    expect(found[1]).toMatchObject({ address: '192.0.2.1', grouped: true, times: 20 });
    expect(found).toHaveLength(22);
  });

  it('of strangers have files of their own, and never take the room of people', async () => {
    recorder.note(ruled());
    for (let minute = 0; minute < 30; minute++, at += 60_000) for (let n = 0; n < 100; n++) recorder.note(stranger(`192.0.${minute}.${n}`));
    const found = await all();
    expect(found.at(-1)).toMatchObject({ actor: 'jane' });
    const sizes = await Promise.all((await files()).map(async (name) => [name, (await stat(join(dir, 'refusals', name))).size] as const));
    const strangers = sizes.filter(([name]) => name.startsWith('strangers')).reduce((sum, [, size]) => sum + size, 0);
    expect(strangers).toBeLessThanOrEqual(125_000);
    expect(strangers).toBeGreaterThan(50_000);
  });
});

describe('the folder of refusals', () => {
  const filled = async (days: number, each: number): Promise<void> => {
    for (let day = 0; day < days; day++, at += DAY) {
      for (let n = 0; n < each; n++) recorder.note(ruled({ stream: `contract-${day}-${n}`, detail: 'd'.repeat(400) }));
      await recorder.flush();
    }
  };

  it('keeps the newest within its bytes, and removes the oldest files', async () => {
    await recorder.close();
    recorder = await opened({ maxBytes: 100_000 });
    await filled(10, 100);
    const found = await all();
    expect(await bytes()).toBeLessThanOrEqual(100_000);
    expect(await bytes()).toBeGreaterThan(60_000);
    expect(recorder.bytes).toBe(await bytes());
    expect(found[0]!.stream).toBe('contract-9-99');
    expect(found.map(({ id }) => id)).toEqual(
      found
        .map(({ id }) => id)
        .toSorted()
        .toReversed(),
    );
    await recorder.close();
    recorder = await opened({ maxBytes: 50_000 });
    expect(await bytes()).toBeLessThanOrEqual(50_000);
    expect((await all())[0]!.stream).toBe('contract-9-99');
  });

  it('shows nothing that is too old, and removes it from the disk at a sixteenth of the days later', async () => {
    await recorder.close();
    recorder = await opened({ maxDays: 16 });
    await filled(30, 1);
    at -= DAY;
    expect((await all()).map(({ stream }) => stream)).toEqual(Array.from({ length: 17 }, (_, n) => `contract-${29 - n}-0`));
    const text = (await Promise.all((await files()).map((name) => readFile(join(dir, 'refusals', name), 'utf8')))).join('');
    expect(text).not.toContain('contract-10-0');
    await recorder.close();
    at += 40 * DAY;
    recorder = await opened({ maxDays: 16 });
    expect([await all(), await files()]).toEqual([[], []]);
  });

  it('remembers nothing where the setting says 0, and leaves what is there', async () => {
    recorder.note(ruled());
    await recorder.close();
    const before = await files();
    recorder = await opened({ maxBytes: 0 });
    recorder.note(ruled());
    expect([await all(), await files(), recorder.isOn]).toEqual([[], before, false]);
    expect(recorder.counts).toEqual(new Map([[409, 1]]));
  });

  it('passes over a line that is damaged, and one that a killed process did not end', async () => {
    recorder.note(ruled({ stream: 'contract-a' }));
    await recorder.flush();
    await appendFile(await fileOf('people'), 'garbage\n\n{"id":"0000000000000001","refusedAt"');
    await recorder.close();
    recorder = await opened();
    recorder.note(ruled({ stream: 'contract-b' }));
    expect((await all()).map(({ stream }) => stream)).toEqual(['contract-b', 'contract-a']);
    let damaged = 0;
    for await (const part of recorder.newestFirst()) damaged += part.damaged;
    expect(damaged).toBe(2);
  });

  it('takes no id from a line or from a name of a file that no later one could be higher than', async () => {
    recorder.note(ruled({ stream: 'contract-a' }));
    await recorder.flush();
    const [line] = await all();
    await appendFile(await fileOf('people'), `${JSON.stringify({ ...line, id: '9999999999999999' })}\n`);
    await writeFile(join(dir, 'refusals', 'people-9999999999999999.jsonl'), '{"format":"tower-ledger-refusals-1","ledger":"ours"}\n');
    for (const stream of ['contract-b', 'contract-c']) {
      await recorder.close();
      recorder = await opened();
      recorder.note(ruled({ stream }));
    }
    expect((await all()).map(({ stream }) => stream)).toEqual(['contract-c', 'contract-b', 'contract-a']);
  });

  it('reads over a file without an end of line, and lines longer than any of ours', async () => {
    recorder.note(ruled({ stream: 'contract-a' }));
    await recorder.flush();
    await appendFile(await fileOf('people'), `${'x'.repeat(500_000)}\n`);
    recorder.note(ruled({ stream: 'contract-b' }));
    expect((await all()).map(({ stream }) => stream)).toEqual(['contract-b', 'contract-a']);
  });

  it.each([
    ['is of another ledger', (file: string) => writeFile(file, '{"format":"tower-ledger-refusals-1","ledger":"theirs"}\n'), 'it is of another ledger'],
    ['is no file of ours', (file: string) => writeFile(file, 'SQLite format 3\0'), 'JSON'],
    ['is of a form to come', (file: string) => writeFile(file, '{"format":"tower-ledger-refusals-2","ledger":"ours"}\n'), 'it holds no refusals'],
    ['is empty', (file: string) => truncate(file), 'JSON'],
    ['is a folder', async (file: string) => (await rm(file), void (await mkdir(file))), 'it is no file'],
    ['leads nowhere', async (file: string) => (await rm(file), symlink('/nowhere/at-all', file)), 'ENOENT'],
  ])('sets a file aside that %s, says so, and goes on', async (_, change, why) => {
    recorder.note(ruled());
    await recorder.close();
    const file = await fileOf('people');
    await change(file);
    recorder = await opened();
    expect(logged).toEqual([expect.stringMatching(new RegExp(`people-\\d+\\.jsonl is set aside as .*set-aside-people-\\d+\\.jsonl: .*${why}`))]);
    recorder.note(ruled({ stream: 'contract-new' }));
    expect((await all()).map(({ stream }) => stream)).toEqual(['contract-new']);
    expect(await files()).toHaveLength(2);
  }); // prettier-ignore

  it('keeps 3 files that it set aside', async () => {
    await mkdir(join(dir, 'refusals'));
    for (let n = 1; n <= 5; n++) await writeFile(join(dir, 'refusals', `people-000000000000000${n}.jsonl`), 'x');
    await recorder.close();
    recorder = await opened();
    expect(await files()).toEqual([3, 4, 5].map((n) => `set-aside-people-000000000000000${n}.jsonl`));
  });

  it('that is a file is set aside too; one that is gone is made again', async () => {
    await recorder.close();
    await writeFile(join(dir, 'refusals'), 'mine');
    recorder = await opened();
    recorder.note(ruled({ stream: 'contract-a' }));
    expect(await all()).toHaveLength(1);
    expect(await readFile(join(dir, 'refusals.set-aside'), 'utf8')).toBe('mine');
    await rm(join(dir, 'refusals'), { recursive: true });
    recorder.note(ruled({ stream: 'contract-b' }));
    expect((await all()).map(({ stream }) => stream)).toEqual(['contract-b']);
    await recorder.close();
    recorder = await opened();
    expect((await all()).map(({ stream }) => stream)).toEqual(['contract-b']);
  });

  it('that cannot be read stops nothing', async () => {
    await recorder.close();
    const broken = jest.spyOn(RefusalFolder.prototype, 'prune').mockRejectedValueOnce(new Error('EIO'));
    recorder = await opened();
    broken.mockRestore();
    expect(logged).toEqual(['Old refusals cannot be removed.']);
    recorder.note(ruled());
    expect(await all()).toHaveLength(1);
  });

  it('on a full disk loses nothing for a while, then only counts, and writes again when there is room', async () => {
    await recorder.close();
    recorder = await opened({ maxBytes: 10_000_000 });
    const full = jest.spyOn(RefusalFolder.prototype, 'append').mockRejectedValue(new Error('ENOSPC'));
    recorder.note(ruled({ stream: 'contract-a' }));
    expect((await all()).map(({ stream }) => stream)).toEqual(['contract-a']);
    expect(recorder.failure?.message).toBe('ENOSPC');
    await recorder.flush();
    expect(logged).toEqual(['Refusals cannot be written for now: 1 MB of them waits for the disk, more are only counted.']);
    for (let minute = 1; minute <= 5; minute++) {
      at += 60_000;
      for (let n = 0; n < 500; n++)
        recorder.note(ruled({ actor: `p${minute}-${n % 10}`, stream: `contract-${n}`, detail: 'd'.repeat(480) }));
    }
    const waiting = await all();
    expect(waiting.length).toBeGreaterThan(1000);
    expect(recorder.unremembered).toBe(2501 - waiting.length);
    expect(recorder.unremembered).toBeGreaterThan(500);
    full.mockRestore();
    await recorder.flush();
    expect(recorder.failure).toBeUndefined();
    expect(logged.at(-1)).toMatch(/^Refusals are written again; \d+ were not remembered\.$/);
    expect((await all()).at(-1)!.stream).toBe('contract-a');
  });
});

describe('what automations are refused', () => {
  const refused = (more: Partial<Refused> = {}): Refused =>
    ruled({ actor: 'system', role: 'when-a-then-b', causationId: 'e-1', stream: 'contract-x', ...more });
  const automations = () => new AutomationRefusals(recorder, () => new Date(at).toISOString(), 'system');

  it('is remembered once a day for each cause, however often it is tried', async () => {
    const own = automations();
    for (let i = 0; i < 50; i++) {
      await own.note(refused());
      at += 60_000;
    }
    await own.note(refused({ causationId: 'e-2' }));
    await own.note(refused({ code: 'contract/unknown' }));
    expect((await all()).map(({ causationId, code, times }) => [causationId, code, times])).toEqual([
      ['e-1', 'contract/unknown', 1],
      ['e-2', 'contract/stage', 1],
      ['e-1', 'contract/stage', 1],
    ]);
    at += DAY;
    await own.note(refused());
    expect(await all()).toHaveLength(4);
  });

  it('is not remembered again after a restart on the same day, and what people are refused says nothing of it', async () => {
    await automations().note(refused());
    recorder.note(refused({ actor: 'jane', causationId: 'e-3' }));
    await recorder.close();
    recorder = await opened();
    at += 3_600_000;
    await automations().note(refused());
    expect(await all()).toHaveLength(2);
    await automations().note(refused({ causationId: 'e-3' }));
    expect(await all()).toHaveLength(3);
    at += DAY;
    await automations().note(refused());
    expect(await all()).toHaveLength(4);
  });

  it('is remembered where what was remembered before cannot be read', async () => {
    const broken = { note: (one: Refused) => recorder.note(one), newestFirst: () => { throw new Error('EIO'); } }; // prettier-ignore
    await new AutomationRefusals(broken, () => new Date(at).toISOString(), 'system').note(refused());
    expect(await all()).toHaveLength(1);
  });
});
