import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { copyFileSync, existsSync } from 'node:fs';
import { appendFile, copyFile, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { importFile, InterruptedError, NotJsonLinesError, type ImportOptions } from '../../src/cli/importer.js';
import { LONGEST } from '../../src/cli/lines.js';
import { Projector } from '../../src/engine/read/projector.js';
import { closeRunning, startServer, stopServer, type Server } from '../http/server.js';

let server: Server;
let file: string;
beforeEach(async () => {
  server = await startServer();
  file = join(server.dir, 'history.jsonl');
});
afterEach(async () => {
  await stopServer(server);
  await closeRunning();
});

const line = (key: string, post: string, body: object = {}) => JSON.stringify({ key, post, body });
const value = { amount: '95000000.00', currency: 'GBP' };
const history = [
  line('programme', '/programmes/met/charter-programme', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP', record: { effectiveOn: '2014' } }), // prettier-ignore
  line('csc', '/suppliers/csc/register-supplier', { title: 'CSC', form: 'company' }),
  line('tower', '/towers/hosting/plan-tower', { programme: 'met', title: 'Hosting' }),
  line('award', '/contracts/hosting/award-contract', { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value, record: { effectiveOn: '2015' } }), // prettier-ignore
  line('signed', '/contracts/hosting/sign-contract', { record: { effectiveOn: '2016' } }),
  line('better', '/contracts/hosting/correct-fact', {
    event: '@award',
    changes: [{ pointer: '/value/amount', value: '94720000.00' }],
    because: 'better-source',
  }),
];
const run = (more: Partial<ImportOptions> = {}) => importFile({ file, url: server.url, actor: 'ana', patienceMs: 100, ...more });
const wrote = (...lines: readonly string[]) => writeFile(file, lines.map((text) => `${text}\n`).join(''));
const report = async (): Promise<any[]> =>
  (await readFile(`${file}.report.jsonl`, 'utf8'))
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text));
const log = async (): Promise<any[]> => {
  const all: any[] = [];
  await server.app.get(Projector).idle();
  for (let page = ''; page !== undefined;) {
    const { body } = await server.get(`/events?limit=500&minPosition=1${page}`);
    all.push(...body.events);
    page = body.next && `&cursor=${body.next}`;
  }
  return all;
};

describe('a file of commands', () => {
  it('is sent in order: each line after those that it needs', async () => {
    await wrote(...history);
    expect(await run()).toMatchObject({ lines: 6, accepted: 6, refused: 0, broken: 0 });
    expect((await report()).map(({ line, key, outcome }) => [line, key, outcome])).toEqual(
      ['programme', 'csc', 'tower', 'award', 'signed', 'better'].map((key, i) => [i + 1, key, 'accepted']),
    );
    const { body } = await server.get('/contracts/hosting');
    expect([body.state.stage, body.state.ceiling.amount]).toEqual(['signed', '94720000.00']);
  });

  it('sent again adds nothing', async () => {
    await wrote(...history);
    await run();
    const before = (await log()).length;
    expect(await run()).toMatchObject({ lines: 6, accepted: 0, replayed: 6 });
    expect(await log()).toHaveLength(before);
  });

  it('is sent for many aggregates at once, and keeps the order of each', async () => {
    const suppliers = Array.from({ length: 300 }, (_, i) =>
      line(`s-${i}`, `/suppliers/s-${i}/register-supplier`, { title: `S ${i}`, form: 'company' }),
    );
    const notes = suppliers.flatMap((_, i) =>
      [1, 2, 3].map((n) => line(`n-${i}-${n}`, `/suppliers/s-${i}/annotate`, { note: `Note ${n}` })),
    );
    await wrote(...suppliers, ...notes);
    expect(await run()).toMatchObject({ lines: 1200, accepted: 1200 });
    const { body } = await server.get('/suppliers/s-299');
    expect(body.notes.map(({ note }: { note: string }) => note)).toEqual(['Note 1', 'Note 2', 'Note 3']);
  });

  it('goes on where it stopped when the server was away', async () => {
    const lines = Array.from({ length: 400 }, (_, i) =>
      line(`s-${i}`, `/suppliers/s-${i}/register-supplier`, { title: `S ${i}`, form: 'company' }),
    );
    const stop = JSON.stringify({ mark: 'middle', title: 'The middle' });
    await wrote(...lines.slice(0, 200), stop, ...lines.slice(200));
    const marked = () => server.close();
    await expect(run({ marked })).rejects.toBeInstanceOf(InterruptedError);
    expect(await report()).toHaveLength(200);
    server = await startServer({ DATA_DIR: server.dir, PORT: new URL(server.url).port });
    expect(await run({ marked: async () => undefined })).toMatchObject({ lines: 400, accepted: 400, replayed: 0 });
    expect((await report()).map((said) => said.line)).toEqual(Array.from({ length: 400 }, (_, i) => (i < 200 ? i + 1 : i + 2)));
  });

  it('may be tried dry: nothing is recorded', async () => {
    await wrote(history[0]!, line('nobody', '/towers/hosting/plan-tower', { programme: 'nobody', title: 'Hosting' }));
    expect(await run({ dryRun: true })).toMatchObject({ tried: 1, refused: 1, checked: 0 });
    await wrote(...history);
    expect(await run({ dryRun: true })).toMatchObject({ tried: 2, checked: 4, refused: 0 });
    expect((await server.get('/events')).body.events).toEqual([]);
  });
});

const supplier = (n: string | number) => line(`s-${n}`, `/suppliers/s-${n}/register-supplier`, { title: `S ${n}`, form: 'company' });

describe('many lines', () => {
  it('that could be sent at once are sent in the order of the file, as far as there are connections', async () => {
    const note = (n: number) => line(`n-${n}`, `/suppliers/s-${n}/annotate`, { note: 'Note' });
    await wrote(...[1, 2, 3].flatMap((n) => [supplier(n), note(n)]), supplier(4));
    expect(await run({ connections: 1 })).toMatchObject({ accepted: 7 });
    expect((await log()).map(({ stream }) => stream.slice(-1)).join('')).toBe('1122334');
  });

  it('whose run was killed in the middle are sent by the next run, each is recorded once, and the report is whole', async () => {
    await wrote(...Array.from({ length: 700 }, (_, n) => supplier(n))); // progress is kept now and then
    const files = [`${file}.progress.json`, `${file}.report.jsonl`] as const;
    let copied = false;
    const progress = ({ lines }: { readonly lines: number }) => {
      if (lines < 550 || copied || !existsSync(files[0])) return;
      copied = true;
      for (const name of files) copyFileSync(name, `${name}.then`);
    };
    expect(await run({ progress, connections: 8 })).toMatchObject({ lines: 700, accepted: 700 });
    expect(copied).toBe(true);
    for (const name of files) await copyFile(`${name}.then`, name);
    await appendFile(files[1], '{"line":');
    const { lines, accepted, replayed } = await run();
    expect([lines, accepted + replayed, replayed > 0, accepted > 0]).toEqual([700, 700, true, true]);
    expect((await report()).map((said) => said.line)).toEqual(Array.from({ length: 700 }, (_, i) => i + 1));
    expect(await log()).toHaveLength(700);
    expect(existsSync(files[0])).toBe(false);
  });

  it('whose run was killed in the middle are all sent to another server, which has had none of them', async () => {
    await wrote(supplier(1), supplier(2), supplier(3));
    const { size, mtimeMs: modified } = await stat(file);
    const done = { file, size, modified, lines: 2, bytes: 0, reportBytes: 0, counts: { lines: 2, accepted: 2 } };
    await writeFile(`${file}.progress.json`, JSON.stringify({ ...done, url: 'http://127.0.0.1:1' }));
    expect(await run()).toMatchObject({ lines: 3, accepted: 3 });
    expect(await log()).toHaveLength(3);
  });

  it.each([
    ['another ledger, which has had others', ['a', 'b', 'c', 'd', 'e', 'f'], 0],
    ['an older backup, which has had some of them', [0, 1], 2],
  ])('whose run was killed are all sent where the same address has become %s', async (_, had, replayed) => {
    await wrote(...[0, 1, 2, 3].map(supplier), JSON.stringify({ mark: 'middle' }), supplier(4));
    await expect(run({ marked: () => server.close() })).rejects.toBeInstanceOf(InterruptedError);
    server = await startServer({ PORT: new URL(server.url).port });
    for (const other of had) {
      const { post, body, key } = JSON.parse(supplier(other)) as { post: string; body: object; key: string };
      await server.post(post, body, { 'idempotency-key': key, 'x-actor': 'ana' });
    }
    expect(await run()).toMatchObject({ lines: 5, accepted: 5 - replayed, replayed });
    expect(await log()).toHaveLength(had.length + 5 - replayed);
  });
});

describe('answers on the way', () => {
  /** A fake server whose answers go wrong as a test wants it. */
  const answering = async (listener: RequestListener, work: (url: string) => Promise<void>): Promise<void> => {
    const stub = createServer(listener).listen(0, '127.0.0.1');
    await once(stub, 'listening');
    try {
      await work(`http://127.0.0.1:${(stub.address() as AddressInfo).port}/ledger/`);
    } finally {
      stub.closeAllConnections();
      stub.close();
    }
  };

  it('that are cut, or of a server that cannot yet, are asked for again with the same key', async () => {
    const asked: unknown[] = [];
    const answers: RequestListener = ({ url, headers }, response) => {
      asked.push([url, headers['idempotency-key'], headers['x-actor']]);
      if (asked.length === 1) response.writeHead(201, { 'content-length': 10 }).write('{', () => response.destroy());
      else if (asked.length === 2) response.writeHead(503).end('{}');
      else response.writeHead(201, { 'idempotency-replayed': 'true' }).end('{"position":"7"}');
    };
    await wrote(supplier(1));
    await answering(answers, async (url) =>
      expect(await run({ url: url.replace(/\/$/, ''), patienceMs: 5000 })).toMatchObject({ replayed: 1 }),
    );
    expect(asked).toEqual(Array.from({ length: 3 }, () => ['/ledger/suppliers/s-1/register-supplier', 's-1', 'ana']));
  });

  it('that are a fault of the server are reported, and the lines behind are sent', async () => {
    const asked: unknown[] = [];
    const answers: RequestListener = ({ url = '' }, response) => {
      asked.push(url);
      if (url.includes('/s-2/')) response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Oh no</h1>');
      else if (url.includes('/decisions/')) response.writeHead(500).end('{"title":"Something went wrong on our side."}');
      else response.writeHead(201).end('{"position":"7"}');
    };
    const withdrawn = line('w', '/suppliers/s-1/withdraw-fact', { event: '@s-1' });
    await wrote(supplier(1), supplier(2), supplier(3), withdrawn, supplier(4));
    await answering(answers, async (url) =>
      expect(await run({ url: url.replace(/\/$/, '') })).toMatchObject({ lines: 5, accepted: 3, failed: 2 }),
    );
    expect((await report()).filter(({ outcome }) => outcome === 'failed')).toEqual([
      { line: 2, key: 's-2', outcome: 'failed', why: 'The server answered 500: <h1>Oh no</h1>' },
      { line: 4, key: 'w', outcome: 'failed', why: expect.stringContaining('Something went wrong') },
    ]);
    expect(asked).toHaveLength(5);
  });

  it('that say that the token is refused too often end the run, which goes on from there', async () => {
    await wrote(supplier(1));
    await answering(
      (_, response) => response.writeHead(429).end('{}'),
      async (url) => expect(run({ url: url.replace(/\/$/, '') })).rejects.toThrow(/does not take the token/),
    );
    expect(await run()).toMatchObject({ accepted: 1 });
  });

  it('of many aggregates are not needed to know, in a dry run, which lines follow earlier ones', async () => {
    const ids = Array.from({ length: 3000 }, (_, n) => n);
    await wrote(...ids.map(supplier), ...ids.map((n) => line(`n-${n}`, `/suppliers/s-${n}/annotate`, { note: 'Note' })), supplier('new'));
    await answering(
      (_, response) => response.writeHead(200).end('{}'),
      async (url) => expect(await run({ url: url.replace(/\/$/, ''), dryRun: true })).toMatchObject({ tried: 3001, checked: 3000 }),
    );
  });

  it('that arrive in another order do not hide an event that was recorded', async () => {
    const reads: unknown[] = [];
    const answers: RequestListener = ({ url = '' }, response) => {
      const answer = (position: number) => response.writeHead(201).end(JSON.stringify({ position: `${position}` }));
      if (url.includes('/decisions/')) {
        reads.push(new URL(url, 'http://x').searchParams.get('minPosition'));
        response.writeHead(200).end(JSON.stringify({ events: [{ event: '00000000-0000-7000-8000-000000000001' }] }));
      } else if (url.includes('s-2')) setTimeout(() => answer(10), 100);
      else answer(20);
    };
    const withdrawn = line('w', '/suppliers/s-1/withdraw-fact', { event: '@s-1' });
    await wrote(supplier(1), supplier(2), JSON.stringify({ mark: 'both' }), withdrawn);
    await answering(answers, async (url) =>
      expect(await run({ url: url.replace(/\/$/, ''), patienceMs: 5000 })).toMatchObject({ accepted: 3 }),
    );
    expect(reads).toEqual(['20']);
  });
});

describe('a line that cannot be recorded is named with its reason, and those around it are recorded', () => {
  const good = line('good', '/suppliers/good/register-supplier', { title: 'Good', form: 'company' });
  it.each<[string, string, string, string]>([
    ['no JSON', '{"key": ', 'broken', 'not JSON'],
    ['no object', '[1]', 'broken', 'not an object'],
    ['too long', `{"key":"${'x'.repeat(LONGEST)}"}`, 'broken', 'longer than'],
    ['far too long', 'x'.repeat(LONGEST * 12), 'broken', 'longer than'],
    ['without a key', '{"post":"/suppliers/a/register-supplier","body":{}}', 'broken', '"key"'],
    ['of an unknown command', line('k', '/suppliers/a/rename-everything'), 'broken', 'There is no command at'],
    ['with an id that is none', line('k', '/suppliers/Ä/register-supplier', { title: 'A', form: 'company' }), 'broken', 'is no id'],
    ['of an unknown aggregate', line('k', '/planets/a/register-supplier'), 'broken', 'There is no command at'],
    [
      'with a name twice',
      '{"key":"k","post":"/suppliers/a/register-supplier","body":{"title":"A","form":"company","title":"B"}}',
      'broken',
      '/body/title is given twice in one object',
    ],
    [
      'with a text that nobody can see',
      line('k', '/suppliers/a/register-supplier', { title: '\u200b', form: 'company' }),
      'broken',
      '/title must hold something that can be seen',
    ],
    ['with a wrong field', line('k', '/suppliers/a/register-supplier', { title: 'A', form: 'club' }), 'broken', '/form'],
    ['with a field too many', line('k', '/suppliers/a/register-supplier', { title: 'A', form: 'company', size: 1 }), 'broken', '/size'],
    ['out of order', line('k', '/contracts/c/sign-contract'), 'refused', 'No such contract'],
    ['about an event that was not recorded', line('k', '/suppliers/a/withdraw-fact', { event: '@nothing' }), 'refused', '@nothing'],
    [
      'with a key of another body',
      line('first', '/suppliers/first/register-supplier', { title: 'Other', form: 'company' }),
      'refused',
      'another body',
    ],
  ])('%s', async (_, bad, outcome, why) => {
    await wrote(line('first', '/suppliers/first/register-supplier', { title: 'First', form: 'company' }), bad, good);
    expect(await run()).toMatchObject({ lines: 3, accepted: 2, [outcome]: 1 });
    expect((await report())[1]).toMatchObject({ line: 2, outcome, why: expect.stringContaining(why) });
  });

  it('half a file: its last line is cut', async () => {
    await writeFile(file, `${good}\n${history[0]!.slice(0, 40)}`);
    expect(await run()).toMatchObject({ accepted: 1, broken: 1 });
    expect((await report())[1]).toMatchObject({ line: 2, why: expect.stringContaining('ends in the middle') });
  });

  it('lines that end as Windows ends them, and empty ones', async () => {
    await writeFile(file, `${good}\r\n\r\n\n${history[0]}\r\n`);
    expect(await run()).toMatchObject({ lines: 2, accepted: 2 });
    expect((await report()).map((said) => said.line)).toEqual([1, 4]);
  });
});

describe('a file of another form', () => {
  it.each([
    ['CSV', 'key,post,title\ns-1,/suppliers/s-1/register-supplier,One\n'],
    ['CSV', '\ufeff"key";"post";"title"\r\n"s-1";"/suppliers/s-1/register-supplier";"One"\r\n'],
    ['CSV', 'key\tpost\ttitle\n'],
    [
      'one JSON document',
      JSON.stringify(
        Array.from({ length: 3 }, (_, n) => JSON.parse(supplier(n))),
        null,
        2,
      ),
    ],
    ['one JSON document', JSON.stringify(Array.from({ length: 20_000 }, (_, n) => JSON.parse(supplier(n))))],
    ['one JSON document', `\ufeff${JSON.stringify({ commands: [JSON.parse(supplier(1))] }, null, 2)}`],
    ['one JSON document', JSON.stringify({ commands: Array.from({ length: 20_000 }, (_, n) => JSON.parse(supplier(n))) })],
  ])('is named for what it looks like: %s', async (form, text) => {
    await writeFile(file, text);
    await expect(run()).rejects.toThrow(NotJsonLinesError);
    await expect(run()).rejects.toThrow(`history.jsonl: this looks like ${form}; the import reads JSON Lines`);
    expect(existsSync(`${file}.report.jsonl`)).toBe(false);
    expect((await server.get('/events')).body.events).toEqual([]);
  });

  it('is not what a file looks like that begins with a byte order mark, empty lines or half a line', async () => {
    await writeFile(file, `\ufeff${supplier(1)}\n`);
    expect(await run()).toMatchObject({ lines: 1, accepted: 1 });
    await writeFile(file, `\n \n{"key": \n${supplier(2)}\n`);
    expect(await run()).toMatchObject({ lines: 2, accepted: 1, broken: 1 });
    await writeFile(file, '');
    expect(await run()).toMatchObject({ lines: 0 });
  });
});

describe('a file that changes', () => {
  it('while it is read is sent again from the start, and nothing is doubled', async () => {
    await wrote(...history, JSON.stringify({ mark: 'end' }));
    const marked = () => appendFile(file, `${line('late', '/suppliers/late/register-supplier', { title: 'Late', form: 'company' })}\n`);
    await expect(run({ marked })).rejects.toThrow('changed while it was read');
    expect(await run({ again: true })).toMatchObject({ lines: 7, refused: 0, broken: 0 });
    expect(await log()).toHaveLength(7);
  });

  it('between two runs is not taken for the same', async () => {
    await wrote(...history.slice(0, 2), JSON.stringify({ mark: 'middle' }), ...history.slice(2));
    await expect(run({ marked: () => server.close() })).rejects.toBeInstanceOf(InterruptedError);
    await utimes(file, new Date(), new Date(Date.now() + 5000));
    server = await startServer({ DATA_DIR: server.dir, PORT: new URL(server.url).port });
    await expect(run()).rejects.toThrow('has changed since its last run');
    expect(await run({ again: true })).toMatchObject({ accepted: 4, replayed: 2 });
  });
});
