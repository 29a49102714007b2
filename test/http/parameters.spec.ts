import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, award, partsOf, recordWorld, startServer, stopServer, type Server } from './server.js';

/** Every parameter of every GET, from the description itself: a new one is judged by the same rules. */
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly type?: string; readonly enum?: readonly string[]; readonly format?: string; readonly pattern?: string };
}
interface Get {
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly responses: any;
}

let server: Server;
let gets: readonly Get[];
let decision: string;
let event: string;
let head: string;
beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  const receipt = await accepted(server.post('/contracts/there/award-contract', award));
  [decision, event, head] = [receipt.decision, receipt.events[0].id, receipt.position];
  await server.get(`/projections?minPosition=${head}`);
  const { paths } = (await server.get('/openapi.json')).body;
  gets = Object.entries<any>(paths).flatMap(([path, { get }]) =>
    get ? [{ path, parameters: get.parameters ?? [], responses: get.responses }] : [],
  );
});
afterAll(() => stopServer(server));

/** A path with something that is there in each place, as far as it can be. */
const filled = ({ path }: Get): string =>
  path.startsWith('/decisions/')
    ? path.replace('{id}', decision)
    : path.startsWith('/contracts/')
      ? path.replace('{id}', 'there')
      : path.startsWith('/evidence/')
        ? path.replace('{sha256}', 'a'.repeat(64))
        : path
            .replace('{id}', path.startsWith('/events/') ? event : 'met')
            .replace('{event}', event)
            .replace('{key}', keyIn(path));
const KEYS: Readonly<Record<string, string>> = {
  'contract-register': 'contract:there',
  money: 'contract:there',
  'tower-board': 'tower:hosting',
};
const keyIn = (path: string): string => KEYS[path.split('/')[2]!] ?? 'programme:met';
/** What else a path needs to be answered at all. */
const NEEDED: Readonly<Record<string, string>> = { '/search': 'q=x', '/references': 'scheme=ocid&id=x', '/proofs/consistency': 'from=1' };
const ask = async (get: Get, query: string) => {
  const needed = (NEEDED[get.path] ?? '').split('&').filter((one) => one !== '' && !query.startsWith(`${one.split('=')[0]}=`));
  const { statusCode, body, headers } = await server.app.inject({ method: 'GET', url: `${filled(get)}?${[...needed, query].join('&')}` });
  return { status: statusCode, body: /json/.test(String(headers['content-type'])) ? JSON.parse(body) : body };
};
const each = (holds: (parameter: Parameter, get: Get) => boolean) =>
  gets.flatMap((get) =>
    get.parameters.filter((one) => one.in === 'query' && holds(one, get)).map((parameter) => ({ get, parameter, name: parameter.name })),
  );

describe('a value that a query parameter cannot have', () => {
  it('is refused with the parameter and every value that it can have, where those are a closed list', async () => {
    const closed = each(({ schema }) => schema.enum !== undefined || schema.type === 'boolean');
    expect(closed.map(({ name }) => name)).toEqual(expect.arrayContaining(['type', 'stage', 'kind', 'result', 'status', 'command', 'sort', 'category'])); // prettier-ignore
    for (const { get, parameter, name } of closed) {
      const { status, body } = await ask(get, `${name}=nosuch`);
      expect([get.path, name, status, body.errors?.[0]?.parameter]).toEqual([get.path, name, 400, name]);
      for (const value of parameter.schema.enum?.slice(0, 200).map(String) ?? ['true', 'false'])
        expect([get.path, name, body.errors[0].detail]).toEqual([get.path, name, expect.stringContaining(value.replace(/^-/, ''))]);
    }
  });

  it('is refused where it is no whole number, amount, day or id', async () => {
    const forms = each(({ schema }) => schema.type === 'integer' || schema.format === 'date' || schema.pattern !== undefined);
    expect(forms.map(({ name }) => name)).toEqual(expect.arrayContaining(['limit', 'revision', 'dueBy', 'endsFrom', 'valueUntil', 'size']));
    for (const { get, name } of forms) {
      const { status, body } = await ask(get, `${name}=1e3_x`);
      expect([get.path, name, status, body.errors?.[0]?.parameter]).toEqual([get.path, name, 400, name]);
    }
  });

  it('is answered with an empty list where it is only not known', async () => {
    const IDS = ['programme', 'tower', 'contract', 'supplier', 'actor', 'person', 'by', 'employer', 'owner', 'proposedBy', 'stream', 'function', 'correlation', 'department', 'rule', 'id', 'year', 'finding', 'office', 'text', 'supplierName', 'reference']; // prettier-ignore
    const LISTS = ['rows', 'events', 'decisions', 'hits', 'references', 'refusals'];
    const unknown = each(({ name, schema }, { path }) => IDS.includes(name) && schema.enum === undefined && !path.includes('{') && !path.endsWith('/updates')); // prettier-ignore
    for (const { get, name } of unknown) {
      if (name === 'programme' && !isFilter(get)) continue; // known with effectiveOn alone
      if (get.path === '/proofs/bundle') continue; // one file and no list: 404
      const { status, body } = await ask(get, `${name}=${name === 'stream' ? 'contract-nobody' : 'nobody'}`);
      const lists = typeof body === 'string' ? [[]] : LISTS.flatMap((list) => (body[list] === undefined ? [] : [body[list]]));
      expect([get.path, name, status, lists]).toEqual([get.path, name, 200, [[]]]);
    }
    expect(unknown.length).toBeGreaterThan(40);
  });
  const isFilter = ({ path }: Get): boolean => {
    const { projector } = partsOf(server);
    const [, of, name = ''] = path.split('/');
    return of !== 'projections' || 'programme' in (projector.projection(name).filters ?? {});
  };
});

describe('a point in time', () => {
  /** Names of parameters that are an instant, with what is behind them. */
  const INSTANTS = ['recordedAt', 'effectiveOn', 'from', 'to', 'recordedFrom', 'recordedUntil'];
  const instants = () => each(({ name, schema }) => INSTANTS.includes(name) && schema.type !== 'integer');

  it('with an offset whose + was not escaped is refused, and the answer says how it is written', async () => {
    expect(new Set(instants().map(({ name }) => name))).toEqual(new Set(INSTANTS));
    for (const { get, name } of instants()) {
      const { status, body } = await ask(get, `${name}=2026-11-24T09:30:00+01:00`);
      const errors = [{ parameter: name, detail: 'has a blank before its offset, which a + in an address stands for: write the + as %2B' }];
      expect([get.path, name, status, body.errors]).toEqual([get.path, name, 400, errors]);
      const escaped = await ask(get, `${name}=2026-11-24T09:30:00%2B01:00`);
      expect([get.path, name, JSON.stringify(escaped.body.errors ?? '')]).toEqual([get.path, name, expect.not.stringContaining('blank')]);
    }
  });

  it('that is no time is refused by its name', async () => {
    for (const { get, name } of instants()) {
      const { status, body } = await ask(get, `${name}=2026-02-30T10:00:00Z`);
      expect([get.path, name, status, body.errors?.[0]]).toEqual([
        get.path,
        name,
        400,
        { parameter: name, detail: expect.stringMatching(/^must be/) },
      ]);
    }
  });

  it('in the future is refused where nothing can be recorded yet', async () => {
    for (const { get, name } of instants().filter(({ name }) => ['recordedAt', 'from', 'recordedFrom'].includes(name))) {
      const { status, body } = await ask(get, `${name}=2150-01-01T00:00:00Z`);
      const detail = expect.stringMatching(/^is in the future: it is \d{4}-/);
      expect([get.path, name, status, body.errors]).toEqual([get.path, name, 400, [{ parameter: name, detail }]]);
    }
  });

  it('before the first event is answered with nothing, or with when the first event was recorded', async () => {
    const first = (await server.get('/events?limit=1')).body.events[0].metadata.recordedAt as string;
    for (const { get } of each(({ name }) => name === 'recordedAt')) {
      const field = get.parameters.some(({ name }) => name === 'field') && get.path.endsWith('/contributions') ? '&field=/total' : '';
      const { status, body } = await ask(get, `recordedAt=2016-02-29T00:00:00Z${field}`);
      if (status === 200)
        expect([get.path, body.asOf, body.rows ?? body.events]).toEqual([
          get.path,
          expect.objectContaining({ position: null, recordedAt: '2016-02-29T00:00:00.000Z' }),
          [],
        ]);
      else if (isRecorded(get))
        expect([get.path, status, body.detail]).toEqual([get.path, 404, expect.stringMatching(new RegExp(`${first}|have no list`))]);
      else expect([get.path, status]).toEqual([get.path, 404]);
    }
  });
  /** Whether what is asked for is there now: of the others nothing is known, whatever the time. */
  const isRecorded = ({ path }: Get): boolean => /^\/(contracts|programmes|projections)\//.test(path);
});

describe('a position', () => {
  it('beyond the end of the log is refused, and the answer says where the log ends', async () => {
    const all = each(({ name }) => name === 'position');
    expect(all.length).toBeGreaterThan(30);
    for (const { get } of all) {
      const { status, body } = await ask(get, 'position=999999');
      const errors = [{ parameter: 'position', detail: `is beyond the end of the log, ${head}` }];
      expect([get.path, status, body.errors]).toEqual([get.path, 400, errors]);
    }
  });
});

describe('a parameter that is not known', () => {
  it('of a list of rows is refused with those that its projection takes, each once', async () => {
    const { projector } = partsOf(server);
    const lists = gets.filter(({ path }) => /^\/projections\/[^/{}]+$/.test(path));
    expect(lists.length).toBeGreaterThan(10);
    const offered = new Map<string, readonly string[]>();
    for (const get of lists) {
      const { status, body } = await ask(get, 'colour=red');
      const [{ parameter, detail }] = body.errors;
      const names: readonly string[] = detail.replace('is not known here: there are ', '').split(', ');
      expect([get.path, status, parameter, new Set(names).size]).toEqual([get.path, 400, 'colour', names.length]);
      const name = get.path.split('/')[2]!;
      const { sorts, totals, formats, filters = {} } = projector.projection(name);
      const taken = { sort: sorts, totals, format: Object.keys(formats ?? {}).length > 0 };
      for (const [one, isTaken] of Object.entries(taken)) expect([name, one, names.includes(one)]).toEqual([name, one, Boolean(isTaken)]);
      expect(names).toEqual(expect.arrayContaining(['cursor', 'limit', 'recordedAt', 'effectiveOn', 'programme', ...Object.keys(filters)]));
      offered.set(name, names);
    }
    const of = (one: string): number => [...offered.values()].filter((names) => names.includes(one)).length;
    for (const one of ['sort', 'totals', 'format']) expect([one, of(one) > 0, of(one) < offered.size]).toEqual([one, true, true]);
  });

  it('is refused as before where the projection has none of it', async () => {
    const { projector } = partsOf(server);
    const { name } = projector.list().find((one) => !projector.projection(one.name).sorts)!;
    const { body } = await server.get(`/projections/${name}?sort=ends`);
    expect(body.errors).toEqual([{ parameter: 'sort', detail: `is no column that ${name} is sorted by: it has none` }]);
  });
});

describe('a field', () => {
  it('that is not there is refused, with those that are', async () => {
    for (const { get } of each(({ name }) => name === 'field')) {
      const { status, body } = await ask(get, 'field=/nosuch');
      if (status === 404) continue; // nothing of the kind is recorded in this ledger
      const detail = expect.stringMatching(
        /^(names nothing that .* ever had: \/nosuch\. It has \/|is no total of this row: (there are \/|it has none))/,
      );
      expect([get.path, status, body.errors]).toEqual([get.path, 400, [{ parameter: 'field', detail }]]);
    }
    for (const path of ['/contracts/{id}/history', '/projections/money/{key}/contributions'])
      expect(
        (
          await ask(
            gets.find((get) => get.path === path)!,
            'field=/nosuch',
          )
        ).status,
      ).toBe(400);
  });
});
