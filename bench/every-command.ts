import { readFileSync } from 'node:fs';
import { aggregates, commands } from '../src/domain/index.js';
import { decide, readOthers, type ReadSet } from '../src/engine/write/decide.js';
import {
  History,
  isLedgerEvent,
  versionOf,
  type AnyAggregate,
  type AnyCommand,
  type Event,
  type RecordedEvent,
} from '../src/kernel/index.js';
import { shapeOf } from '../src/kernel/schema-version.js';
import { median } from './load.js';
import { fixed, table } from './table.js';

/** Small legal streams with an event of every type: what a command records, and what stood before it. */
interface Golden {
  readonly streams: readonly {
    readonly aggregate: string;
    readonly id: string;
    readonly events: readonly (Event<string, object> & { readonly effectiveOn?: string; readonly schemaVersion: number })[];
  }[];
}
const TODAY = '2026-03-02';
/** Of one batch, about: so short that most are not interrupted where CPU time is counted in ticks and the clock has to do. */
const BATCH_US = 400;
/** Beyond it a command is listed. */
const SLOW = 1.5;
const actor = { id: 'ana' };
const idOf = (nth: number) => `019353d2-0000-7000-8000-${String(nth).padStart(12, '0')}`;
const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const staff = { employer: 'authority', function: 'it', unit: 'people' };

/** What makes a stream long, of each category, in turn: as far as its stage allows it, else a note. */
const MORE: { readonly [category: string]: (n: number) => readonly (readonly [type: string, data: object])[] } = {
  programme: (n) => [
    ['WarningAdded', { warning: `w-${n}`, summary: 'A warning', by: 'An auditor', source: { title: 'A report' } }],
    ['RiskRaised', { risk: `r-${n}`, summary: 'A risk', source: { title: 'A report' } }],
    ['SavingRecorded', { saving: `s-${n}`, amount: gbp('1') }],
  ],
  supplier: (n) => [['AliasAdded', { alias: `Alias ${n}` }]],
  contract: (n) => [
    ['NoticePublished', { kind: 'other', reference: `N ${n}` }],
    ['DelayRecorded', { milestone: 'Migration', to: '2019', cause: 'Staff' }],
    ['ChangeApproved', { kind: 'scope', summary: `Change ${n}` }],
    ['MilestoneSet', { milestone: `m-${n}`, title: 'A step', baseline: '2019' }],
  ],
  workforce: (n) => [
    ['StaffJoined', { ...staff, count: 1 }],
    ['StaffLeft', { ...staff, count: 1, reason: 'resignation' }],
    ['TransferPlanned', { plan: `p-${n}`, from: staff, to: { ...staff, employer: 'csc' }, inScope: { count: 1, unit: 'people' } }],
  ],
  loss: () => [['RecoveryRecorded', { amount: gbp('0.01') }]],
  account: (n) => [
    ['FundsCommitted', { commitment: `more-${n}`, amount: gbp('10') }],
    ['InvoiceRecorded', { invoice: `more-${n}`, amount: gbp('1') }],
    ['PaymentRecorded', { payment: `more-${n}`, amount: gbp('1') }],
  ],
};

const recorded = (of: History, { type, data }: Event, effectiveOn: string, schemaVersion?: number): RecordedEvent => ({
  id: idOf(of.revision + 2),
  type,
  data,
  stream: of.stream,
  revision: of.revision + 1,
  position: String(of.revision + 1),
  metadata: {
    schemaVersion: schemaVersion ?? versionOf(of.aggregate, type),
    recordedAt: '2026-03-01T09:00:00.000Z',
    effectiveOn,
    about: {},
    command: { id: `decision-${of.revision + 1}`, name: 'Given' },
    actor,
    $correlationId: 'given',
    $causationId: 'given',
    known: [],
  },
});
const aggregateOf = (category: string): AnyAggregate => aggregates.find((one) => one.category === category)!;

/** A stream with more events at its end, on the day of the last. */
const lengthened = (history: History, length: number): History => {
  const on = history.entries.at(-1)?.effectiveOn ?? TODAY;
  const { category, events } = history.aggregate;
  for (let n = history.revision + 1; n < length; n++) {
    const { stage } = history.state as { readonly stage: string };
    const can = (MORE[category]?.(n) ?? []).filter(([type]) => (events[type].allowedIn as readonly string[]).includes(stage));
    const [type, data] = can[n % can.length] ?? ['FactAnnotated', { note: `Note ${n}` }];
    history = history.extended([recorded(history, { type, data }, on)]);
  }
  return history;
};

/** One accepted command on one stream. */
interface Example {
  readonly command: AnyCommand;
  readonly history: History;
  readonly data: object;
  readonly effectiveOn: string;
}
export interface Decided extends Example {
  readonly readSet: ReadSet;
  /** Its history without the last event, and that event. */
  readonly base: History;
  readonly last: RecordedEvent | undefined;
  readonly events: readonly RecordedEvent[];
}

/**
 * Beside its own stream a command finds small ones: the golden ones, or one that was just opened.
 * @param towers of its contracts; as recorded when absent
 */
const load = ({ streams }: Golden, towers?: readonly string[]) => {
  const historyOf = (category: string, id: string): History => {
    const ofCategory = streams.filter(({ aggregate }) => aggregate === category);
    const { events } = ofCategory.find((one) => one.id === id) ?? ofCategory[0]!;
    const [first] = events.map((one) => (towers && category === 'contract' ? { ...one, data: { ...one.data, towers } } : one));
    const opened = History.of(aggregateOf(category), id);
    const all = category === 'programme' ? events : [first!];
    return all.reduce((history, one) => history.extended([recorded(history, one, one.effectiveOn ?? TODAY, one.schemaVersion)]), opened);
  };
  return async (category: string, id: string) => historyOf(category, id);
};

const contextOf = ({ history: { id }, data, effectiveOn }: Example) => ({ id, data, record: { effectiveOn }, actor, effectiveOn, today: TODAY }); // prettier-ignore
const decided = async (example: Example, others: ReturnType<typeof load>): Promise<Decided> => {
  const { command, history, data, effectiveOn } = example;
  const readSet = await readOthers(command, { ...data }, history, others, async () => []);
  const { events } = decide(command, contextOf(example), readSet);
  if (events.length === 0) throw new Error('Nothing changes.');
  let next = history;
  const stored = events.map((event) => {
    const one = recorded(next, event, effectiveOn);
    next = next.extended([one]);
    return one;
  });
  const last = history.recorded.at(-1);
  const base = last ? History.of(history.aggregate, history.id, history.recorded.slice(0, -1)) : history;
  return { ...example, readSet, base, last, events: stored };
};

/** What the golden streams hold of a command: each event of its type, on what stood before it. */
const examplesOf = ({ streams }: Golden, command: AnyCommand): readonly Example[] =>
  streams.flatMap(({ aggregate, id, events }) => {
    const of = aggregateOf(aggregate);
    return events.flatMap(({ type, data, schemaVersion, effectiveOn = TODAY }, nth) => {
      if (command.aggregate !== of || command.events[0] !== type) return [];
      // revealing events fold the whole stream with every event that follows: without them where the command needs none
      return [false, true].flatMap((withRevealing) => {
        let history = History.of(of, id);
        for (const [n, one] of events.slice(0, nth).entries())
          if (!isLedgerEvent(one.type) && (withRevealing || !of.events[one.type].reveals))
            history = history.extended([{ ...recorded(history, one, one.effectiveOn ?? TODAY, one.schemaVersion), id: idOf(n + 1) }]);
        const isLast = history.before(effectiveOn).place === history.entries.length;
        return (isLast ? [effectiveOn, TODAY] : [TODAY, effectiveOn]).map((on) => ({
          command,
          history,
          data: shapeOf(of, recorded(history, { type, data }, on, schemaVersion)),
          effectiveOn: on,
        }));
      });
    });
  });

/** The ledger's own commands, on a contract: on its newest fact, as most of them are, or on the second of all. */
const ofTheLedger = (history: History, which: Which): { readonly [command: string]: readonly [data: object, before?: Event] } => {
  const facts = history.entries.map(({ recorded }) => recorded);
  const event = (which === 'newest' ? facts.at(-1) : facts[1])!.id;
  return {
    Annotate: [{ event, note: 'Seen' }],
    CorrectFact: [{ event, changes: [{ pointer: '/reference', value: 'Corrected' }], because: 'error' }],
    WithdrawFact: [{ event }],
    ReinstateFact: [{ event }, { type: 'FactWithdrawn', data: { event } }],
    MarkDuplicate: [{ of: 'another' }],
  };
};
type Which = 'newest' | 'second';
/** What is measured: each command, and those of the ledger that change one fact a second time. */
export interface Case {
  readonly name: string;
  readonly command: AnyCommand;
  readonly which: Which;
}
const casesOf = (command: AnyCommand): readonly Case[] => {
  const [name, of] = [`${command.aggregate?.category ?? 'ledger'} ${command.name}`, command.events.length > 0 && !command.aggregate];
  const changesOne = of && command.name !== 'MarkDuplicate' && command.name !== 'Annotate';
  return [{ name, command, which: 'newest' }, ...(changesOne ? [{ name: `${name}, second fact`, command, which: 'second' as const }] : [])];
};

/** An award of a planned contract that looks at so many other streams: its programme, its supplier, and towers. */
const awardLike = (history: History, others: number): Example => ({
  command: commands.find(({ name }) => name === 'AwardContract')!,
  history,
  data: {
    programme: 'met',
    title: 'Hosting',
    suppliers: [{ supplier: 'csc' }],
    value: gbp('155000000.00'),
    towers: Array.from({ length: Math.max(0, others - 2) }, (_, n) => `t-${n}`),
  },
  effectiveOn: TODAY,
});

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
/** Whether the CPU time of this process, its garbage collector among it, is counted finely enough for a batch; else the clock has to do. */
const byCpu = ((): boolean => {
  const steps = new Set<number>();
  const end = performance.now() + 20;
  while (performance.now() < end) steps.add(cpuUs());
  return steps.size > 200;
})();
const nowUs = (): number => (byCpu ? cpuUs() : performance.now() * 1000);

/** Microseconds for each: from the histories to the new events, what policy says of them, and the history that they lead to. */
const timeOf = ({ command, readSet, base, last, events, ...example }: Decided, count: number): number => {
  // each finds a history that nobody has asked anything yet, as after the command before it
  const owns = Array.from({ length: count }, () => (last ? base.extended([last]) : base));
  const context = contextOf({ command, ...example });
  const before = nowUs();
  for (const own of owns) {
    decide(command, context, { ...readSet, own });
    own.extended(events);
  }
  return (nowUs() - before) / count;
};
const countFor = (example: Decided): number => {
  timeOf(example, 20); // warming up
  return Math.min(200, Math.max(1, Math.round(BATCH_US / timeOf(example, 10))));
};

/** How many facts act at or behind the first place that a command changes: so many are folded, and tried, again. */
const behindOf = ({ history, events }: Decided): number => {
  const [was, is] = [history.entries, history.extended(events).entries];
  let same = 0;
  while (same < was.length && was[same] === is[same]) same++;
  return Math.max(was.length, is.length) - same;
};

/** A command that costs more than an award. */
interface Slow {
  readonly name: string;
  /** Of those at which it was measured: the length of the stream, and the facts that it changes the place or the state of. */
  readonly events: number;
  readonly behind: number;
  readonly us: number;
  readonly award: number;
}
/** Facts behind the place that a command changes, up to which it is as one that comes last. */
const FEW = 2;

/** What is accepted of each command on streams of any length, from a file of golden events. */
const examplesIn = (golden: string) => {
  const streams = JSON.parse(readFileSync(golden, 'utf8')) as Golden;
  const others = load(streams);
  const planned = (length: number) => {
    const empty = History.of(aggregateOf('contract'), 'planned');
    if (length === 0) return empty;
    const first = recorded(empty, { type: 'ContractPlanned', data: { programme: 'met', title: 'Hosting' } }, '2016');
    return lengthened(empty.extended([first]), length);
  };
  /** On a stream of so many events at least; without a length on one that is as short as it can be. */
  const onLength = async ({ command, which }: Case, length = 0): Promise<Decided | string> => {
    let why = 'no golden event';
    const found = examplesOf(streams, command).toSorted((a, b) => Number(a.history.revision < 0) - Number(b.history.revision < 0));
    const candidates = command.aggregate ? found : [awardLike(planned(Math.max(length, 10)), 2)];
    for (const candidate of candidates)
      try {
        const opens = candidate.history.revision < 0;
        let long = opens ? candidate.history : lengthened(candidate.history, length);
        const serving = command.name === 'SplitTower' ? load(streams, [long.id]) : others; // its contracts are those of the tower
        if (command.aggregate) return await decided({ ...candidate, history: long }, serving);
        const [data, before] = ofTheLedger(long, which)[command.name]!;
        if (before) long = long.extended([recorded(long, before, TODAY)]);
        return await decided({ command, history: long, data, effectiveOn: TODAY }, others);
      } catch (error) {
        why = String(error);
      }
    return why;
  };
  return { others, planned, onLength };
};

/** Each of these commands that has an accepted example, and an award, with the shortest; and why others have none. */
export const shortestExamples = async (golden: string, wanted = commands) => {
  const { onLength } = examplesIn(golden);
  const examples: (Case & { readonly example: Decided })[] = [];
  const missing: string[] = [];
  for (const one of commands.filter((command) => command.name === 'AwardContract' || wanted.includes(command)).flatMap(casesOf)) {
    const example = await onLength(one);
    if (typeof example === 'string') missing.push(`${one.name}: ${example}`);
    else examples.push({ ...one, example });
  }
  return { examples, missing };
};

/**
 * Every registered command beside an award on a stream of the same length that looks at as many others, in this process: the decision
 * alone, without HTTP and store. One that opens a stream is measured on an empty one.
 */
export const everyCommandBesideAward = async (
  golden: string,
  lengths: readonly number[],
  rounds: number,
  wanted = commands,
): Promise<{ readonly text: string; over(wholeAward: number): string }> => {
  const { others, planned, onLength } = examplesIn(golden);
  const rows: [number, string[]][] = [];
  const missing: string[] = [];
  const slow: Slow[] = [];
  for (const one of wanted.flatMap(casesOf)) {
    const { name } = one;
    const cells: string[] = [];
    let worst = 0;
    for (const length of lengths) {
      const example = await onLength(one, length);
      if (typeof example === 'string') {
        missing.push(`${name} at ${length}: ${example}`);
        cells.push('–', '–', '–', '–');
        continue;
      }
      const events = example.history.revision + 1;
      const award = await decided(awardLike(planned(events), example.readSet.others.size), others);
      const [count, ofAward] = [countFor(example), countFor(award)];
      const measured: number[] = [];
      const besides: number[] = [];
      const ratios: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const before = timeOf(award, ofAward);
        measured.push(timeOf(example, count));
        besides.push((before + timeOf(award, ofAward)) / 2);
        ratios.push(measured.at(-1)! / besides.at(-1)!);
      }
      const [us, ratio, behind] = [median(measured), median(ratios), behindOf(example)];
      worst = Math.max(worst, ratio);
      cells.push(String(events), String(behind), fixed(us), fixed(ratio, 2));
      if (ratio > SLOW) slow.push({ name, events, behind, us, award: median(besides) });
    }
    rows.push([worst, [name, ...cells]]);
  }
  const sorted = rows.toSorted(([a], [b]) => b - a);
  const names = (some: readonly Slow[]) => [...new Set(some.map(({ name }) => name))].join(', ') || 'none';
  const [atEnd, farBack] = [slow.filter(({ behind }) => behind <= FEW), slow.filter(({ behind }) => behind > FEW)];
  const each = ({ name, events, behind, us, award }: Slow) => `${name} of ${events} events: ${fixed((us - award) / behind, 2)} µs for each of ${behind} facts, ${fixed((us - award) / behind / award, 2)} of an award`; // prettier-ignore
  const text =
    `${table([['command', ...lengths.flatMap(() => ['events', 'behind', 'µs', '÷ award'])], ...sorted.map(([, cells]) => cells)])}\n` +
    `${wanted.length} commands, the decision alone, by ${byCpu ? 'the CPU time of the process, garbage collection included' : 'the clock'}; medians of ${rounds} rounds, each between two of an award on as long a stream with as many references. ` +
    'Behind: the facts that act at or behind the first place that the command changes, each of which is tried with its rules and folded twice, for the decision and when it is recorded; 1 is a fact that comes last.\n' +
    `Over ${SLOW}, where at most ${FEW} are behind: ${names(atEnd)}.\nOver ${SLOW}, where more are: ${farBack.map(each).join('; ') || 'none'}.\n` +
    `Without an accepted example: ${missing.join('; ') || 'none'}.`;
  const over = (wholeAward: number): string => {
    const whole = slow.filter(({ us, award }) => (wholeAward + us - award) / wholeAward > SLOW);
    return `A whole award takes ${fixed(wholeAward, 0)} µs here. With what the decision takes more than that of an award, over ${SLOW} of a whole award: ${whole.map((one) => `${one.name} of ${one.events} events with ${one.behind} behind (${fixed((wholeAward + one.us - one.award) / wholeAward, 1)})`).join(', ') || 'none'}.`; // prettier-ignore
  };
  return { text, over };
};
