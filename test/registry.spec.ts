import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projections } from '../projections/index.js';
import { commands, aggregates } from '../src/domain/index.js';
import {
  kebab,
  check,
  exampleOf,
  isLedgerEvent,
  ledgerEvents,
  stageRefusalsOf,
  type AnyCommand,
  type EventType,
  type Invariant,
  type Projection,
} from '../src/kernel/index.js';
import { engineRefusals } from '../src/engine/write/decide.js';
import { asWritten, metInSpecs } from './met-refusals.js';

const root = join(import.meta.dirname, '..');
const files = readdirSync(join(root, 'src/domain'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  /^[^/]+\/commands\/[^/]+\.ts$/.test(file),
);
const metOfAny = new Set([...metInSpecs].map((pair) => pair.split(' ')[1]!));
/** What a specification lacks, in the form in which `metInSpecs` looks for it. */
const lacking = (code: string, command = 'aCommand'): string =>
  `No spec in test/domain/*.spec.ts meets it: .when(${command}, …).rejects('${code}'), with no other .when( between them`;
const named = commands.map((command) => [command.name, command] as const);
const typesOf = (events: Readonly<Record<string, EventType<any, any, any>>>) => Object.entries(events);

describe('the registry of commands', () => {
  it('has files to look at', () => expect(files.length).toBeGreaterThan(20));

  it.each(files)('holds the command of %s', async (file) => {
    const exported: object = await import(`../src/domain/${file.replace(/\.ts$/, '.js')}`);
    const own = Object.entries(exported).filter(([, value]) => commands.includes(value));
    const [aggregate, , name] = file.replace(/\.ts$/, '').split('/');
    expect(own).toHaveLength(1);
    const [as, command] = own[0] as [string, AnyCommand];
    expect([as, kebab(command.name), command.aggregate?.category ?? 'ledger']).toEqual([asWritten(command), name, aggregate]);
  });

  it('holds nothing twice', () => {
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
    expect(new Set(aggregates.map(({ category }) => category)).size).toBe(aggregates.length);
  });

  it.each(named)('%s appends events of its own aggregate', (_, { aggregate, events }) => {
    const types = aggregate ? Object.keys(aggregate.events) : Object.keys(ledgerEvents);
    expect(events.length).toBeGreaterThan(0);
    expect(events.filter((type) => !types.includes(type))).toEqual([]);
  });

  it.each(named)('%s has an example that passes its own check', (_, { fields }) => expect(check(fields, exampleOf(fields))).toEqual([]));

  it.each(named)('%s says in a sentence what it does', (_, { summary }) => expect(summary).toMatch(/^[A-Z].*\.$/));
});

describe('the registry of projections', () => {
  const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const byPlace = /(?<![.\w])projections\[\d/;

  it('may be in any order: no test takes one by its place', () => {
    expect([byPlace.test('new Rows(store, [projections[1]!])'), tests.length > 100]).toEqual([true, true]);
    expect(tests.filter((file) => file !== 'registry.spec.ts' && byPlace.test(readFileSync(join(import.meta.dirname, file), 'utf8')))).toEqual([]); // prettier-ignore
  });

  it.each(readdirSync(join(root, 'projections')).filter((file) => file !== 'index.ts'))(
    'holds the projection of %s: its line is in projections/index.ts',
    async (file) => {
      const exported: object = await import(`../projections/${file.replace(/\.ts$/, '.js')}`);
      const own = Object.values(exported).filter((one) => typeof one === 'object' && one !== null && 'question' in one && 'rows' in one);
      expect(own.filter((one) => !projections.includes(one as Projection))).toEqual([]);
    },
  );
});

describe('every event', () => {
  const types = aggregates.flatMap(({ events }) => Object.keys(events));

  it('has a name of its own in the whole ledger', () => {
    expect(new Set(types).size).toBe(types.length);
    expect(types.filter(isLedgerEvent)).toEqual([]);
  });

  it.each([...types, ...Object.keys(ledgerEvents)])('%s is appended by some command', (type) =>
    expect(commands.filter(({ events }) => events.includes(type))).not.toEqual([]),
  );

  it.each(aggregates.map((aggregate) => [aggregate.category, aggregate] as const))(
    'of a %s upcasts each shape before its own',
    (_, { events }) => {
      for (const [, { version = 1, upcast = {} }] of typesOf(events))
        expect(Object.keys(upcast).map(Number)).toEqual(Array.from({ length: version - 1 }, (_, i) => i + 1));
    },
  );
});

describe('every rule', () => {
  const rules = aggregates.flatMap(({ category, events }) =>
    typesOf(events).flatMap(([type, { rules = {} }]) => Object.keys(rules).map((code) => [category, type, code] as const)),
  );
  const invariants = aggregates.flatMap(({ category, events, invariants = {} }) =>
    Object.entries<Invariant<any>>(invariants).map(([code, invariant]) => [category, code, invariant, events] as const),
  );

  it.each(rules)('of a %s, on %s: %s is a code of its aggregate', (category, _, code) =>
    expect(code).toMatch(new RegExp(`^${category}/[a-z-]+$`)),
  );

  it.each(invariants)('of a %s: %s blames fields that the events have', (category, code, { brokenBy }, events) => {
    expect(code).toMatch(new RegExp(`^${category}/[a-z-]+$`));
    expect(Object.keys(brokenBy)).not.toEqual([]);
    for (const [type, fields] of Object.entries(brokenBy))
      for (const pointer of [fields].flat()) expect(Object.keys(events[type].fields)).toContain(pointer!.split('/')[1]);
  });
});

describe('every refusal is met in a specification', () => {
  it.each(commands.flatMap((command) => Object.keys(command.refusals).map((code) => [command.name, code] as const)))(
    '%s: %s',
    (name, code) => expect(metInSpecs.has(`${name} ${code}`) ? '' : lacking(code, asWritten({ name }))).toBe(''),
  );

  // The life of a contract is specified as a whole, stage by stage: the codes are computed there.
  const computed = ['contract/unknown', 'contract/exists', 'contract/stage'];
  it.each(
    aggregates
      .flatMap((aggregate) => Object.keys(stageRefusalsOf(aggregate, Object.keys(aggregate.events))))
      .filter((code) => !computed.includes(code)),
  )('of a stage: %s', (code) => expect(metOfAny.has(code) ? '' : lacking(code)).toBe(''));

  it.each(Object.keys(engineRefusals))('of the engine: %s', (code) => expect(metOfAny.has(code) ? '' : lacking(code)).toBe(''));
});
