import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands, aggregates } from '../src/domain/index.js';
import {
  kebab,
  check,
  exampleOf,
  isLedgerEvent,
  ledgerEvents,
  stageRefusals,
  type AnyCommand,
  type AnyAggregate,
} from '../src/kernel/index.js';
import { engineRefusals } from '../src/engine/write/decide.js';

const root = join(import.meta.dirname, '..');
const files = readdirSync(join(root, 'src/domain'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  /^[^/]+\/commands\/[^/]+\.ts$/.test(file),
);
const specs = readdirSync(join(root, 'test/domain'))
  .filter((file) => file.endsWith('.spec.ts'))
  .map((file) => readFileSync(join(root, 'test/domain', file), 'utf8'));

/** `given(…).when(adoptPolicy, …).rejects('programme/policy-exists'`: the command and the code, wherever a specification has them. */
const REJECTS = /\.when\(\s*(\w+)(?:(?!\.when\()[^])*?\.rejects\(\s*'([^']+)'/g;
const refused = new Set(specs.flatMap((spec) => [...spec.matchAll(REJECTS)].map(([, command, code]) => `${command} ${code}`)));
const refusedOfAny = new Set([...refused].map((pair) => pair.split(' ')[1]!));
const asWritten = ({ name }: AnyCommand) => name[0]!.toLowerCase() + name.slice(1);
const named = commands.map((command) => [command.name, command] as const);

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

  it('holds nothing twice, and no command without its file', () => {
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
    expect(commands.map(({ name }) => kebab(name)).sort()).toEqual(files.map((file) => file.split('/')[2]!.replace('.ts', '')).sort());
  });

  it.each(named)('%s appends events of its own subject', (_, { aggregate: subject, events }) => {
    const types = subject ? Object.keys(subject.events) : Object.keys(ledgerEvents);
    expect(events.length).toBeGreaterThan(0);
    expect(events.filter((type) => !types.includes(type))).toEqual([]);
  });

  it.each(named)('%s has an example that passes its own check', (_, { fields }) => expect(check(fields, exampleOf(fields))).toEqual([]));

  it.each(named)('%s says in a sentence what it does', (_, { summary }) => expect(summary).toMatch(/^[A-Z].*\.$/));
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
      for (const { version = 1, upcast = {} } of Object.values<any>(events))
        expect(Object.keys(upcast).map(Number)).toEqual(Array.from({ length: version - 1 }, (_, i) => i + 1));
    },
  );
});

describe('every refusal is met in a specification', () => {
  it.each(commands.flatMap((command) => Object.keys(command.refusals).map((code) => [command.name, code, command] as const)))(
    '%s: %s',
    (_, code, command) => expect(refused).toContain(`${asWritten(command)} ${code}`),
  );

  it.each(aggregates.flatMap(stageRefusalsOf).filter((code) => !code.startsWith('contract/')))('of a stage: %s', (code) =>
    expect(refusedOfAny).toContain(code),
  );

  // The life of a contract is specified as a whole, stage by stage: the codes are computed there.
  it('of the stages of a contract: its whole life is specified', () => {
    expect(refusedOfAny).toContain('contract/not-yet');
    const life = specs.find((spec) => spec.includes("describe('the life of a contract'"))!;
    const ofContract = commands.filter(({ aggregate }) => aggregate?.category === 'contract');
    expect(ofContract.filter((command) => !life.includes(`[${asWritten(command)}, `)).map(({ name }) => name)).toEqual([]);
  });

  it.each(Object.keys(engineRefusals))('of the engine: %s', (code) => expect(refusedOfAny).toContain(code));
});

/** The stage refusals that the events of a subject can make. */
function stageRefusalsOf({ category, events }: AnyAggregate): string[] {
  const types: readonly { readonly allowedIn: readonly string[] }[] = Object.values(events);
  const later = types.filter(({ allowedIn }) => !allowedIn.includes('none'));
  const stages = new Set(later.flatMap(({ allowedIn }) => allowedIn));
  const possible: Readonly<Record<string, boolean>> = {
    [`${category}/unknown`]: later.length > 0,
    [`${category}/exists`]: types.some(({ allowedIn }) => allowedIn.every((stage) => stage === 'none')),
    [`${category}/not-yet`]: later.length > 0,
    [`${category}/stage`]: later.some(({ allowedIn }) => [...stages].some((stage) => !allowedIn.includes(stage))),
  };
  expect(Object.keys(possible).sort()).toEqual(Object.keys(stageRefusals(category)).sort());
  return Object.keys(possible).filter((code) => possible[code]);
}
