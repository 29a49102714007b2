import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aggregates, commands } from '../src/domain/index.js';
import { engineRefusals } from '../src/engine/write/decide.js';
import { brokenRule, contextOf, stageRefusalsOf, type AnyCommand } from '../src/kernel/index.js';
import { asBelieved } from './as-believed.js';
import { metInSpecs } from './met-refusals.js';
import { playCommands, tryEverywhere } from './random-commands.js';
import { byStream, moves, play, type World } from './random-history.js';

/** What a command can be refused with, by the rules, the stages and the engine: nobody lists it. */
const declaredBy = ({ aggregate, events, refusals }: AnyCommand): ReadonlySet<string> =>
  new Set([
    ...Object.keys(refusals),
    ...Object.keys(engineRefusals),
    ...(aggregate ? Object.keys(stageRefusalsOf(aggregate, events)) : aggregates.map(({ category }) => `${category}/unknown`)),
  ]);

const historyAndSteps = async (world: World, stream: string) => {
  const history = await world.history(stream);
  const believed = new Map(asBelieved(history).map(({ entry, before }) => [entry.recorded.id, before]));
  return { aggregate: history.aggregate, id: history.id, steps: [...history.steps()], believed };
};

/** Declared, and met nowhere: each with the reason. */
const NEVER_MET: { readonly [commandAndCode: string]: string } = {};

describe('in random histories of every command', () => {
  const met = new Set<string>();
  const note = ({ refusedBy }: World): void => {
    for (const [command, codes] of refusedBy) for (const code of codes) met.add(`${command} ${code}`);
  };
  /** Every entry of every stream, with the rules of its event that do not hold where it stands. */
  const broken: string[] = [];
  const holdsEverywhere = async (world: World): Promise<void> => {
    for (const stream of byStream(await world.events()).keys()) {
      const { aggregate, id, steps, believed } = await historyAndSteps(world, stream);
      for (const { entry, before } of steps) {
        const { rules, reveals } = aggregate.events[entry.recorded.type];
        const on = { ...contextOf(entry), id, data: entry.data };
        const then = believed.get(entry.recorded.id);
        const found = brokenRule<any, any>(rules, on, reveals ? then : before, (code) => rules[code].holds(on, then));
        if (found) broken.push(`${stream} ${entry.recorded.type} ${found.code}`);
        checked++;
      }
    }
  };
  let [accepted, played, checked] = [0, 0, 0];

  beforeAll(async () => {
    const everyCommand = fc.asyncProperty(fc.gen(), async (any) => {
      const world = await playCommands(any);
      accepted += world.accepted;
      if (played++ % 2 === 0) await tryEverywhere(any, world);
      note(world);
      await holdsEverywhere(world);
    });
    await fc.assert(everyCommand, { numRuns: 60, endOnFailure: true });
    await fc.assert(
      fc.asyncProperty(moves(), async (tried) => {
        const world = await play(tried);
        note(world);
        await holdsEverywhere(world);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  }, 120_000);

  it('many are accepted, and many are refused', () => expect([accepted > 500, met.size > 100]).toEqual([true, true]));

  it('every rule holds where its event stands, on what is known or on what was believed, whatever was backdated, corrected or withdrawn', () => {
    expect(broken).toEqual([]);
    expect(checked).toBeGreaterThan(500);
  });

  it('every refusal that is met is declared', () => {
    const declared = new Set(commands.flatMap((command) => [...declaredBy(command)].map((code) => `${command.name} ${code}`)));
    expect([...met].filter((pair) => !declared.has(pair))).toEqual([]);
  });

  it('every refusal that is declared is met, there or in a specification', () => {
    const own = commands.flatMap((command) =>
      [...declaredBy(command)].filter((code) => !(code in engineRefusals) && command.aggregate).map((code) => `${command.name} ${code}`),
    );
    const everywhere = new Set([...met, ...metInSpecs]);
    expect(own.filter((pair) => !everywhere.has(pair) && !(pair in NEVER_MET))).toEqual([]);
    expect(Object.keys(NEVER_MET).filter((pair) => everywhere.has(pair))).toEqual([]);
  });
});

describe('a refusal is said once', () => {
  const sentences = Map.groupBy(
    commands.flatMap(({ refusals }) => Object.entries(refusals)),
    ([code]) => code,
  );

  it.each([...sentences])('%s', (code, said) => {
    expect(new Set(said.map(([, sentence]) => sentence)).size).toBe(1);
    expect(said[0]![1]).toMatch(/^[A-Z].*\.$/);
    expect(['ledger', ...aggregates.map(({ category }) => category)]).toContain(code.split('/')[0]);
  });
});
