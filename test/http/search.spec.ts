import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, award, recordWorld, startServer, stopServer, type Server } from './server.js';

let server: Server;
let last: string;
const post = async (path: string, body: object): Promise<any> => {
  const receipt = await accepted(server.post(path, body));
  last = receipt.position;
  return receipt;
};
const search = async (q: string, more = ''): Promise<any> => {
  const { status, body, text } = await server.get(`/search?q=${encodeURIComponent(q)}${more}&minPosition=${last}`);
  if (status !== 200) throw new Error(text);
  return body;
};
const found = async (q: string, more = ''): Promise<string[]> =>
  (await search(q, more)).hits.map(({ category, id, pointer, superseded }: any) => [category, id, pointer, superseded || 'now'].join(' '));

beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  await post('/contracts/hosting-csc/award-contract', {
    ...award,
    title: 'Ｈosting of Straße servers',
    references: [{ scheme: 'council', id: 'C/0042-B' }],
    record: { reason: 'Agreed under decision 1/12 of the board', authority: { reference: 'PCD 813' } },
  });
});
afterAll(() => stopServer(server));

describe('a search', () => {
  it('finds titles, suppliers, references, reasons, papers and notes', async () => {
    await post('/contracts/hosting-csc/annotate', { note: 'The auditor asked for the minutes', record: { evidence: [{ title: 'Letter of the auditor', uri: 'https://example.org/minutes' }] } }); // prettier-ignore
    expect(await found('hosting servers')).toEqual(['contract hosting-csc /title now']);
    expect(await found('atos')).toEqual(['supplier atos /title now']);
    expect(await found('C/0042-B')).toEqual(['contract hosting-csc /references/0/id now']);
    expect(await found('PCD-813')).toEqual(['contract hosting-csc /record/authority/reference now']);
    expect(await found('minutes')).toEqual(['contract hosting-csc /note now']);
    expect(await found('letter')).toEqual(['contract hosting-csc /evidence/0/title now']);
    expect(await found('hosting minutes')).toEqual([]); // of one event each
  });

  it('compares words without regard to case, form or separators, but for one between digits', async () => {
    for (const q of ['HOSTING', 'ｈosting', 'strasse', 'STRASSE']) expect(await found(q, '&category=contract')).toHaveLength(1);
    for (const q of ['1/12', '1-12', '１/12']) expect(await found(q)).toEqual(['contract hosting-csc /record/reason now']);
    for (const q of ['11/2', '112', '12', '1', 'host', 'PCD 81']) expect(await found(q)).toEqual([]);
    expect(await found('pcd813 decision')).toEqual(['contract hosting-csc /record/authority/reference now']);
  });

  it('takes words in quotes as they follow each other, and a star for how a word ends', async () => {
    expect(await found('"decision 1/12"')).toHaveLength(1);
    expect(await found('"12 decision"')).toEqual([]);
    expect(await found('"board pcd"')).toEqual([]); // from one text into the next
    expect(await found('serv*')).toEqual(['contract hosting-csc /title now']);
    expect(await found('s*')).toEqual([]); // too short to begin a word
  });

  it('reads nothing in a question as an operator of the index', async () => {
    for (const q of [
      'hosting OR atos',
      'words:hosting',
      'NEAR(hosting servers)',
      'hosting NOT servers',
      '{text} : servers',
      '^hosting OR x',
    ])
      expect([q, await found(q)]).toEqual([q, []]);
    expect(await found("hosting' ; servers--")).toHaveLength(1);
    expect(await found('"hosting')).toHaveLength(2); // a tower too
    expect(await found('-contract')).toEqual([]); // no mark of a category
    for (const [q, detail] of [
      ['***', 'It has no word: a word is of letters or digits.'],
      ['a '.repeat(17), 'It has more than 16 words.'],
      ['a'.repeat(201), 'has more than 200 characters'],
    ] as const) {
      const { status, body } = await server.get(`/search?q=${encodeURIComponent(q)}`);
      expect([status, body.errors]).toEqual([400, [{ parameter: 'q', detail }]]);
    }
    for (const query of [
      '',
      'q=a&category=event',
      'q=a&superseded=maybe',
      'q=a&programme=A!',
      'q=a&cursor=x',
      'q=a&limit=0',
      'q=a&colour=red',
    ])
      // prettier-ignore
      expect([query, (await server.get(`/search?${query}`)).status]).toEqual([query, 400]);
  });

  it('shows the text around the first hit in parts, as plain data', async () => {
    const long = `${'before '.repeat(30)}<b>Needle</b>, the needle ${'after '.repeat(60)}`.trim();
    await post('/contracts/hosting-csc/annotate', { note: long });
    const [{ snippet, href, type, event }] = (await search('needle')).hits;
    expect(snippet.map(({ text }: any) => text).join('').length).toBeLessThan(240); // prettier-ignore
    expect(snippet[0]).toEqual({ text: expect.stringMatching(/^… before /) });
    expect(snippet.filter(({ hit }: any) => hit)).toEqual([
      { text: 'b>Needle</b', hit: true },
      { text: 'needle', hit: true },
    ]);
    expect(snippet.at(-1)).toEqual({ text: expect.stringMatching(/ …$/) });
    expect([href, type]).toEqual(['/contracts/hosting-csc', 'FactAnnotated']);
    expect((await server.get(`/events?subject=contract-hosting-csc`)).body.events.map(({ id }: any) => id)).toContain(event);
  });

  it('marks what read so before a correction, or was withdrawn, and finds it no longer as what holds', async () => {
    const [{ id: event }] = (await post('/contracts/desk/award-contract', { ...award, title: 'Servise desk', record: { reason: 'Cheapest quotation' } })).events; // prettier-ignore
    await post('/contracts/desk/correct-fact', { event, changes: [{ pointer: '/title', value: 'Service desk' }], because: 'error' });
    expect(await found('servise')).toEqual(['contract desk /title corrected']);
    expect(await found('service')).toEqual(['contract desk /title now']);
    expect(await found('quotation')).toEqual(['contract desk /record/reason now']);
    await post('/contracts/desk/correct-fact', { event, changes: [{ pointer: '/title', value: 'Help desk' }], because: 'better-source' });
    expect(await found('service', '&category=contract')).toEqual(['contract desk /title corrected']); // the wording between
    expect(await found('desk', '&superseded=false')).toEqual(['contract desk /title now']);
    expect(await found('desk', '&superseded=true')).toEqual(['contract desk /title corrected']);
    await post('/contracts/desk/withdraw-fact', { event });
    expect(await found('help')).toEqual(['contract desk /title withdrawn']);
    expect(await found('quotation', '&superseded=false')).toEqual([]);
    await post('/contracts/desk/reinstate-fact', { event });
    expect(await found('help')).toEqual(['contract desk /title now']);
    await post('/contracts/desk/mark-duplicate', { of: 'hosting-csc' });
    expect(await found('help')).toEqual(['contract desk /title withdrawn']);
  });

  it('chooses by category and programme, and comes in pages that new records do not move', async () => {
    for (let i = 0; i < 5; i++) await post(`/towers/page-${i}/plan-tower`, { programme: 'met', title: `Paged ${i}` });
    const first = await search('paged', '&limit=2');
    await post('/towers/page-9/plan-tower', { programme: 'met', title: 'Paged 9' });
    const second = await search('paged', `&limit=2&cursor=${first.next}`);
    const third = await search('paged', `&limit=2&cursor=${second.next}`);
    const ids = ({ hits }: any) => hits.map(({ id }: any) => id);
    expect([first, second, third].flatMap(ids)).toEqual(['page-4', 'page-3', 'page-2', 'page-1', 'page-0']);
    expect(third.next).toBeUndefined();
    expect(await found('paged', '&category=contract')).toEqual([]);
    expect(await found('paged', '&programme=met&category=tower')).toHaveLength(6);
    expect(await found('paged', '&programme=other')).toEqual([]);
  });
});
