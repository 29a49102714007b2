import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { commands } from '../../src/domain/index.js';
import { figureIn, readField } from '../../src/pages/form-fields.js';
import { amount, check, json, kebab, list, object, optional, plural, text, value } from '../../src/kernel/index.js';
import { accepted, award, closeRunning, recordWorld, startServer, stopServer, type Server } from '../http/server.js';
import { inputOf } from '../random-commands.js';
import { formIn, pageOf, textOf } from './html.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
}, 60_000);
afterAll(async () => {
  await stopServer(server);
  await closeRunning();
});

const send = async (path: string, fields: Readonly<Record<string, string>>) => {
  const response = await fetch(server.url + path, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) });
  const html = await response.text();
  return { status: response.status, to: response.headers.get('location'), html, text: textOf(html) };
};
/** The hidden fields of the form of a page, as a browser would send them. */
const hiddenIn = (html: string): Record<string, string> =>
  Object.fromEntries(
    [...html.slice(html.indexOf('<main')).matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
      name!,
      value!.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<'),
    ]),
  );
const formOf = async (path: string) => hiddenIn((await pageOf(server, path)).html);
const AWARD = '/app/contracts/-/award-contract';
const answers = {
  '#id': 'hosting-csc',
  '/programme': 'met',
  '/title': 'Hosting by CSC',
  '/towers': 'hosting',
  '/suppliers/#': '1',
  '/suppliers/0/supplier': 'csc',
  '/value/amount': '£155m',
  '/value/currency': 'gbp',
  '/record/effectiveOn': '2015-11-30',
};

describe('a command as a form', () => {
  it('shows what would be recorded before it is, and then records it once, however often it is sent', async () => {
    const form = await formOf(AWARD);
    const check = await send(AWARD, { ...form, ...answers, step: 'check' });
    expect(check.status).toBe(200);
    expect(check.text).toContain('Check your answers: Award contract');
    expect(check.text).toContain('£155m');
    expect(check.text).toContain('What would be recorded Contract awarded');
    expect((await server.get('/contracts/hosting-csc')).status).toBe(404);
    const hidden = hiddenIn(check.html);
    const sent = await send(AWARD, { ...hidden, step: 'send' });
    expect([sent.status, sent.to]).toEqual([303, expect.stringMatching(/^\/app\/decisions\/[0-9a-f-]{36}\?minPosition=/)]);
    expect((await send(AWARD, { ...hidden, step: 'send' })).to?.split('?')[0]).toBe(sent.to!.split('?')[0]);
    const { body } = await server.get('/contracts/hosting-csc');
    expect(body.revision).toBe(0);
    expect(body.state.ceiling).toEqual({ amount: '155000000', currency: 'GBP' });
    expect((await pageOf(server, sent.to!)).text).toContain('Award contract');
  });

  it('asks for the address of a source in a word for people', async () => {
    const { html } = await pageOf(server, '/app/programmes/met/add-warning');
    expect(html).toContain('Address (optional)');
    expect(html).not.toMatch(/>\s*Uri\b/);
  });

  it('goes back to the answers as they were entered', async () => {
    const check = await send(AWARD, { ...(await formOf(AWARD)), ...answers, '#id': 'another', step: 'check' });
    const edit = await send(AWARD, { ...hiddenIn(check.html), step: 'edit' });
    expect(edit.html).toContain('value="Hosting by CSC"');
    expect(edit.html).toContain('value="155000000"');
    expect(edit.html).toContain('value="another"');
  });

  it.each(['null', '[]', '"x"', '7', '{', ''])(
    'refuses a body of %j, which no page sends, and is no failure of the server',
    async (body) => {
      const { csrf } = await formOf(AWARD);
      const { status } = await fetch(server.url + AWARD, {
        method: 'POST',
        body: new URLSearchParams({ csrf: csrf!, body, step: 'edit' }),
      });
      expect([status, server.logged]).toEqual([400, []]);
    },
  );

  it('reads every answer that it shows as it was, for every command', async () => {
    const answered = async (path: string, answers: URLSearchParams | Record<string, string>, step: string) => {
      const sent = new URLSearchParams(answers);
      sent.set('step', step);
      const response = await fetch(server.url + path, { method: 'POST', body: sent });
      return response.text();
    };
    let read = 0;
    for (const { name, aggregate, fields } of commands) {
      if (!aggregate) continue; // what a correction says is asked below
      const path = `/app/${plural(aggregate.category)}/as-it-was/${kebab(name)}`;
      const form = Object.fromEntries(formIn((await pageOf(server, path)).html));
      for (const data of fc.sample(inputOf(fields), 2)) {
        if (check(fields, data).length > 0) continue;
        const body = JSON.stringify({ ...data, record: { effectiveOn: '2016', evidence: [{ title: 'P & "Q" > <b>', uri: 'https://example.org/?a=1&b=2' }] } }); // prettier-ignore
        const shown = formIn(await answered(path, { csrf: form['csrf']!, key: form['key']!, body }, 'edit'));
        const checked = await answered(path, shown, 'check');
        const again = formIn(checked.includes('name="body"') ? await answered(path, formIn(checked), 'edit') : checked);
        expect([name, [...again]]).toEqual([name, [...shown]]);
        expect([name, /(is missing|must [^.<]*)(?=<)/.exec(checked.slice(checked.indexOf('<main')).split('<form')[0]!)?.[0]]).toEqual([name, undefined]); // prettier-ignore
        read++;
      }
    }
    expect(read).toBeGreaterThan(100);
  }, 60_000);

  it('takes a year, a figure and a number for what the field of the fact takes, and shows them so again', async () => {
    const { events } = await accepted(server.post('/contracts/corrected/award-contract', { ...award, termMonths: 60, title: '2015' }));
    const path = '/app/contracts/corrected/correct-fact';
    const form = await formOf(`${path}?event=${events[0].id}`);
    const changes = [
      ['/effectiveOn', '2015', '2015'],
      ['/value/amount', '130', '130'],
      ['/title', '"2016"', '2016'],
      ['/termMonths', '48', 48],
      ['/towers', '["hosting"]', ['hosting']],
    ] as const;
    const written = changes.flatMap(([pointer, value], i) => [[`/changes/${i}/pointer`, pointer] as const, [`/changes/${i}/value`, value] as const]); // prettier-ignore
    const answers = { ...form, '/event': events[0].id, '/because': 'error', '/changes/#': '5', ...Object.fromEntries(written) };
    const bodyOf = (html: string) => JSON.parse(hiddenIn(html)['body']!).changes;
    const checked = await send(path, { ...answers, step: 'check' });
    expect(bodyOf(checked.html)).toEqual(changes.map(([pointer, , value]) => ({ pointer, value })));
    const again = formIn((await send(path, { ...hiddenIn(checked.html), step: 'edit' })).html);
    expect(bodyOf((await send(path, { ...Object.fromEntries(again), step: 'check' })).html)).toEqual(bodyOf(checked.html));
  });

  it('adopts a policy without a pack of law', async () => {
    const path = '/app/programmes/met/adopt-policy';
    const answers = {
      '/policy': 'scheme',
      '/title': 'Scheme of consent',
      '/version': '1',
      '/inForceFrom': '2010',
      '/checks': 'two-people',
    };
    const checked = await send(path, { ...Object.fromEntries(formIn((await pageOf(server, path)).html)), ...answers, step: 'check' });
    expect([checked.status, checked.text]).toEqual([200, expect.stringContaining('What would be recorded Policy adopted')]);
  });

  it('says what is wrong beside the field, and leads to it from the top', async () => {
    const form = await formOf(AWARD);
    const wrong = await send(AWARD, {
      ...form,
      ...answers,
      '#id': 'Not An Id',
      '/record/effectiveOn': 'yesterday',
      '/value/amount': 'a lot',
    });
    expect(wrong.status).toBe(422);
    expect(wrong.html).toContain('<title>Error: Award contract – Tower Ledger</title>');
    expect(wrong.html).toContain('<a href="#f-record-effectiveOn">');
    expect(wrong.html).toMatch(/id="f-record-effectiveOn-error"/);
    expect(wrong.html).toContain('<a href="#f-value-amount">');
    expect(wrong.html).toContain('<a href="#f--id">');
    expect(wrong.html).toContain('value="a lot"');
  });

  it('shows the refusal of a rule beside the field to blame', async () => {
    await accepted(server.post('/contracts/refused/award-contract', award));
    const path = '/app/contracts/refused/novate-contract';
    const { status, html } = await send(path, { ...(await formOf(path)), '/to': 'csc', '/takesEffectOn': '2016-01-01' });
    expect(status).toBe(422);
    expect(html).toMatch(/There is a problem/);
    expect(html).toMatch(/govuk-error-message/);
  });

  it('adds room to a list on the server, without script', async () => {
    const form = await formOf(AWARD);
    const { html } = await send(AWARD, { ...form, ...answers, step: 'add /suppliers' });
    expect(html).toContain('name="/suppliers/1/supplier"');
    expect(html).toContain('value="csc"');
  });

  it('is decided again where somebody else recorded something meanwhile', async () => {
    const path = '/app/contracts/hosting-csc/sign-contract';
    const check = await send(path, { ...(await formOf(path)), '/record/effectiveOn': '2015-12-01', step: 'check' });
    await accepted(server.post('/contracts/hosting-csc/record-delay', { milestone: 'Start', to: '2016-03' }));
    const late = await send(path, { ...hiddenIn(check.html), step: 'send' });
    expect(late.status).toBe(422);
    expect(late.text).toContain('Somebody recorded something here meanwhile');
  });

  it('that is sent again with other answers keeps them, and records them under a key of their own', async () => {
    const path = '/app/programmes/met/raise-risk';
    const first = { ...(await formOf(path)), '/risk': 'first', '/summary': 'The first', '/source/title': 'A paper' };
    const sent = await send(path, { ...hiddenIn((await send(path, { ...first, step: 'check' })).html), step: 'send' });
    expect(sent.status).toBe(303);
    const back = await send(path, { ...first, '/risk': 'second', '/summary': 'The second', step: 'check' });
    const refused = await send(path, { ...hiddenIn(back.html), step: 'send' });
    expect([refused.status, refused.text]).toEqual([422, expect.stringContaining('This form was sent before with other answers')]);
    const checked = await send(path, { ...Object.fromEntries(formIn(refused.html)), step: 'check' });
    expect((await send(path, { ...hiddenIn(checked.html), step: 'send' })).status).toBe(303);
    const { body } = await server.get('/programmes/met');
    expect(body.state.risks.map(({ summary }: any) => summary)).toEqual(['The first', 'The second']);
  });

  it('is refused without the secret of the session', async () => {
    for (const csrf of ['', 'x'.repeat(32)]) expect((await send(AWARD, { ...answers, csrf })).status).toBe(403);
    expect((await server.get('/contracts/another')).status).toBe(404);
  });

  it('knows no other commands or aggregates than the ledger', async () => {
    for (const path of [
      '/app/contracts/x/launch-rocket',
      '/app/towers/x/award-contract',
      '/app/rockets/x/award-contract',
      '/app/contracts/A!/award-contract',
    ])
      // prettier-ignore
      expect((await pageOf(server, path)).status).toBe(404);
  });

  it('has a form for every command that says what the command is for', async () => {
    for (const command of commands) {
      const { status, text, html } = await pageOf(
        server,
        `/app/${plural(command.aggregate?.category ?? 'contract')}/hosting-csc/${kebab(command.name)}`,
      );
      expect([command.name, status]).toEqual([command.name, 200]);
      expect(text).toContain(command.summary);
      for (const [, target] of html.matchAll(/ for="([^"]+)"/g)) expect(html).toContain(`id="${target}"`);
    }
  });
});

describe('what a form says', () => {
  it.each([
    ['£95m', '95000000'],
    ['95,000,000.50', '95000000.50'],
    ['1.5bn', '1500000000'],
    ['-2k', '-2000'],
    ['0.25m', '250000'],
    ['1.2345678m', '1234567.8'],
    ['about 5', 'about 5'],
  ])('%s is %s', (written, figure) => expect(figureIn(written)).toBe(figure));

  it('is the body that the API takes, and nothing where it was left empty', () => {
    const form = new URLSearchParams({
      '/v/is': 'withheld', '/v/why': 'negotiations', '/a/amount': '5', '/a/currency': 'eur', '/a/qualifier': 'about', '/l': 'one\n\n two \n', '/o/#': '2', '/o/1/t': 'x', '/j': '{"a":1}', '/k': 'plain' }); // prettier-ignore
    expect(readField(value(), '/v', form)).toEqual({ withheld: { why: 'negotiations' } });
    expect(readField(amount(), '/a', form)).toEqual({ amount: '5', currency: 'EUR', qualifier: 'about' });
    expect(readField(list(text()), '/l', form)).toEqual(['one', 'two']);
    expect(readField(list(object({ t: text() })), '/o', form)).toEqual([{ t: 'x' }]);
    expect(readField(json(), '/j', form)).toEqual({ a: 1 });
    expect(readField(json(), '/k', form)).toBe('plain');
    expect(readField(optional(list(text())), '/none', form)).toBeUndefined();
    expect(readField(optional(amount()), '/none', form)).toBeUndefined();
  });
});
