import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aggregates, commands } from '../src/domain/index.js';
import { engineRefusals } from '../src/engine/write/decide.js';
import { brokenRule, contextOf, stageRefusalsOf, type AnyCommand } from '../src/kernel/index.js';
import { asBelieved } from './as-believed.js';
import { BEFORE, stages, tryAtEveryStage, type Tried } from './every-stage.js';
import { asWritten, metInSpecs } from './met-refusals.js';
import { playCommands, tryEverywhere } from './random-commands.js';
import { byStream, moves, play, type World } from './random-history.js';

/** What a command can be refused with, by the rules, the stages and the engine: nobody lists it. */
const declaredBy = ({ aggregate, events, refusals }: AnyCommand): ReadonlySet<string> =>
  new Set([
    ...Object.keys(refusals),
    ...Object.keys(engineRefusals),
    ...(aggregate ? Object.keys(stageRefusalsOf(aggregate, events)) : aggregates.map(({ category }) => `${category}/unknown`)),
  ]);

const neverMet = (command: AnyCommand, code: string): string =>
  `${command.name} is refused with ${code} by no spec in test/domain and by no random history: write one with .when(${asWritten(command)}).rejects('${code}')`;

const historyAndSteps = async (world: World, stream: string) => {
  const history = await world.history(stream);
  const believed = new Map(asBelieved(history).map(({ entry, before }) => [entry.recorded.id, before]));
  return { aggregate: history.aggregate, id: history.id, steps: [...history.steps()], believed };
};

const ofAggregates = commands.filter(({ aggregate }) => aggregate);
const ofStages = ({ aggregate, events }: AnyCommand): readonly string[] => Object.keys(stageRefusalsOf(aggregate!, events));

describe('where nothing is recorded, before the first fact and at each stage', () => {
  it.each(aggregates.map((aggregate) => [aggregate.category, aggregate] as const))(
    'a %s is tried at every stage',
    (category, aggregate) => {
      const reached = stages.get(aggregate)!;
      const missing = aggregate.stages.filter((stage: string) => stage !== 'none' && !reached.has(stage));
      expect(
        missing.map(
          (stage: string) =>
            `No ${category} of test/golden/events.json is ${stage}: add events that lead there, or one to MORE in test/every-stage.ts`,
        ),
      ).toEqual([]);
    },
  );

  it.each(ofAggregates.map((command) => [command.name, command] as const))(
    '%s is refused where it cannot follow',
    async (name, command) => {
      const { aggregate, events } = command;
      const tried = await tryAtEveryStage(command);
      const cannotFollow = ({ place }: Tried): boolean =>
        !events.some((type) => aggregate!.events[type].allowedIn.includes(place === BEFORE ? 'none' : place));
      const accepted = tried.filter((one) => one.accepted > 0 && cannotFollow(one));
      expect(accepted.map(({ place }) => `${name} is accepted here, where none of its events can follow: ${place}`)).toEqual([]);

      const met = new Set(tried.flatMap(({ codes }) => [...codes]));
      const declared = declaredBy(command);
      expect([...met].filter((code) => !declared.has(code)).map((code) => `${name} is refused with ${code}, which it does not declare`)).toEqual([]); // prettier-ignore
      const places = tried.map(({ place, codes }) => `${place}: ${[...codes].join(', ') || 'accepted'}`).join('; ');
      const unmet = ofStages(command).filter((code) => !met.has(code));
      expect(unmet.map((code) => `${name} is nowhere refused with ${code} (${places}): let its example pass its rules there`)).toEqual([]);
    },
  );
});

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
      if (played++ % 6 === 0) await tryEverywhere(any, world);
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
    expect([...met].filter((pair) => !declared.has(pair)).map((pair) => `${pair.replace(' ', ' is refused with ')}, which it does not declare`)).toEqual([]); // prettier-ignore
  });

  it('every refusal of a rule that is declared is met, there or in a specification', () => {
    const unmet = ofAggregates.flatMap((command) => {
      const elsewhere = new Set([...ofStages(command), ...Object.keys(engineRefusals)]);
      const own = [...declaredBy(command)].filter((code) => !elsewhere.has(code));
      return own.filter((code) => !met.has(`${command.name} ${code}`) && !metInSpecs.has(`${command.name} ${code}`)).map((code) => [command, code] as const); // prettier-ignore
    });
    expect(unmet.map(([command, code]) => neverMet(command, code))).toEqual([]);
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
