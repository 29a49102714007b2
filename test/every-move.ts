import fc from 'fast-check';
import { commands } from '../src/domain/index.js';
import { amountOf, bounds, type Amount, type Json, type Provenance } from '../src/kernel/index.js';
import { World } from './random-history.js';

/** Two digits, none, three, four; DEM was withdrawn in March 2002, in the middle of these ledgers. */
export const CURRENCIES = ['GBP', 'EUR', 'USD', 'JPY', 'KWD', 'CLF', 'MXN', 'DEM'] as const;
export const RATE = '1.95583';

/** One thing that somebody tries; `n` and `pick` say which of those that can be tried on what the ledger holds by then. */
export interface EveryMove {
  readonly kind: 'contract' | 'staff' | 'loss' | 'correct' | 'withdraw' | 'reinstate' | 'duplicate' | 'annotate';
  readonly wait: number;
  /** Days before today; of a fact that is recorded now, absent. */
  readonly ago: number | undefined;
  /** How well the day is known. */
  readonly known: 'day' | 'month' | 'year' | 'from' | 'to' | 'unknown';
  readonly of: number;
  readonly n: number;
  readonly pick: number;
  readonly flag: boolean;
}
const move: fc.Arbitrary<EveryMove> = fc.record({
  kind: fc.oneof(
    { weight: 14, arbitrary: fc.constant('contract' as const) },
    { weight: 5, arbitrary: fc.constant('staff' as const) },
    { weight: 3, arbitrary: fc.constant('loss' as const) },
    { weight: 4, arbitrary: fc.constant('correct' as const) },
    { weight: 2, arbitrary: fc.constant('withdraw' as const) },
    { weight: 2, arbitrary: fc.constant('reinstate' as const) },
    { weight: 1, arbitrary: fc.constant('duplicate' as const) },
    { weight: 1, arbitrary: fc.constant('annotate' as const) },
  ),
  wait: fc.nat(90),
  ago: fc.option(fc.nat(1200), { nil: undefined }),
  known: fc.constantFrom('day', 'day', 'day', 'month', 'year', 'from', 'to', 'unknown'),
  of: fc.nat(99),
  n: fc.nat(9999),
  pick: fc.nat(9999),
  flag: fc.boolean(),
});
/** `certain`: every date is an exact day; `currencies`: few, so that moves meet each other. */
export const everyMove = (most: number) =>
  fc.record({
    certain: fc.boolean(),
    currencies: fc.shuffledSubarray([...CURRENCIES], { minLength: 1, maxLength: 2 }),
    tried: fc.array(move, { minLength: Math.ceil(most / 2), maxLength: most, size: 'max' }),
  });

const FIRST = '1994-01-03';
/** The day of a move as it is known: never after today, never before the ledger's first day. */
const dayOf = (today: string, { ago = 0, known }: EveryMove, certain: boolean): string => {
  const counted = Temporal.PlainDate.from(today).subtract({ days: ago }).toString();
  const day = counted < FIRST ? FIRST : counted;
  if (certain) return day;
  return { day, month: day.slice(0, 7), year: day.slice(0, 4), from: `[${day}..]`, to: `[..${day}]`, unknown: 'unknown' }[known];
};

/** Two contracts in each currency, of which one may turn out to be the other. */
const contractsIn = (currencies: readonly string[]) =>
  currencies.flatMap((currency) => [1, 2].map((nth) => ({ id: `${currency.toLowerCase()}-${nth}`, currency })));
/** The other contract of the currency. */
const otherOf = (currency: string, of: number): string => `${currency.toLowerCase()}-${2 - (of % 2)}`;
const at = <T>(list: readonly T[], n: number): T => list[n % list.length]!;
/** From −999 to 98,999 minor units, whatever their digits. */
const money = (currency: string, n: number): Amount => amountOf(BigInt(((n * 97) % 99_999) - 999), currency);
const more = (currency: string, n: number): Amount => amountOf(BigInt(((n * 89) % 9_999) + 1), currency);

/** One supplier, or two of them: with shares, jointly, or with a part each. */
const supplied = (n: number) =>
  at<readonly object[]>(
    [
      [{ supplier: at(['csc', 'atos'], n) }],
      [{ supplier: at(['csc', 'atos'], n) }],
      [
        { supplier: 'csc', share: '62.5' },
        { supplier: 'atos', share: '37.5' },
      ],
      [
        { supplier: 'atos', role: 'joint' },
        { supplier: 'csc', role: 'joint' },
      ],
      [{ supplier: 'csc', share: '40' }, { supplier: 'atos' }],
    ],
    n,
  );
const terms = ({ n, flag, of }: EveryMove, currency: string) => ({
  programme: 'met',
  title: `Contract ${n}`,
  suppliers: supplied(n),
  ...(n % 3 === 1 && { framework: { contract: otherOf(currency, of) } }),
  towers: at([['hosting'], ['euc'], ['hosting', 'euc'], []], n),
  value: n % 6 === 5 ? at([{ undisclosed: true }, { unknown: true }], of) : money(currency, n),
  covers: at(['initial-term', 'initial-term', 'with-options', 'initial-term', 'unknown'], n),
  vat: at(['ex', 'inc', 'unknown', 'ex'], of),
  options: [
    { option: 'one', months: 12, ...(flag && { value: more(currency, n) }) },
    { option: 'two', months: 6, value: more(currency, n + 1) },
  ],
  ...(n % 5 === 0 && { kind: 'framework' }),
  ...(flag && { termMonths: 60 }),
});

type Data = (move: EveryMove, currency: string, date: string) => object;
const contractActs: { readonly [command: string]: Data } = {
  RecordContract: (m, currency) => ({ ...terms(m, currency), stage: at(['live', 'signed', 'exiting'], m.n), role: 'outside' }),
  PlanContract: ({ n }) => ({ programme: 'met', title: `Plan ${n}`, towers: ['hosting'] }),
  AwardContract: (m, currency) => ({
    ...terms(m, currency),
    ...(m.pick % 4 === 0 && { replaces: otherOf(currency, m.of) }),
  }),
  SignContract: () => ({}),
  StartService: () => ({}),
  DiscloseValue: ({ n, flag }, currency) => ({ value: money(currency, n), ...(flag && { covers: 'initial-term' }) }),
  ApproveChange: ({ n, flag, of }, currency, date) =>
    at<object>(
      [
        { kind: 'value', by: amountOf(BigInt((n % 4000) - 800), currency) },
        { kind: 'value', to: money(currency, n) },
        { kind: 'value', by: more(currency, n), ...(flag && { statedFrom: money(currency, of) }) },
        { kind: 'term', endsOn: date },
        { kind: 'scope', summary: `Scope ${n}`, by: more(currency, of) },
      ],
      n,
    ),
  ExerciseExtension: ({ n, flag, date: _, ...m }: EveryMove & { readonly date?: string }, _currency, date) =>
    n % 3 === 0 ? { endsOn: date } : { option: flag ? 'one' : 'two', ...(m.of % 2 && { months: 6 }) },
  LapseOption: ({ flag }) => ({ option: flag ? 'one' : 'two' }),
  ApplyIndexation: ({ n, flag }, currency) => ({
    index: `CPI ${n}`,
    ...(flag ? { percent: at(['2.5', '12.345', '0.5', 7], n), falls: n % 5 === 0 } : { to: money(currency, n) }),
  }),
  NovateContract: ({ n, of, flag }, _, date) => ({
    supplier: at(['csc', 'atos', 'eviden'], n),
    ...(of % 3 === 0 && { from: at(['csc', 'atos'], of) }),
    ...(flag && { takesEffectOn: date }),
  }),
  AdmitSupplier: ({ n, of, flag }, _, date) => ({
    supplier: at(['eviden', 'csc', 'atos'], n),
    ...(of % 2 && { share: String(5 + (n % 40)) }),
    ...(flag && { takesEffectOn: date }),
  }),
  RemoveSupplier: ({ n, flag }, _, date) => ({ supplier: at(['csc', 'atos', 'eviden'], n), ...(flag && { takesEffectOn: date }) }),
  RedenominateContract: () => ({ currency: 'EUR', rate: RATE }),
  RecordDelay: ({ n }, _, date) => ({ milestone: `Milestone ${n % 3}`, to: date }),
  GiveTerminationNotice: ({ flag }) => ({ by: flag ? 'authority' : 'supplier' }),
  WithdrawTerminationNotice: () => ({}),
  TerminateContract: ({ flag, of }) => ({
    ground: 'Failure to deliver',
    ...(of % 3 > 0 && { partial: flag }),
    ...(of % 3 === 1 && { from: at(['csc', 'atos'], of) }),
  }),
  CancelContract: ({ n }) => ({ why: `Case ${n}` }),
  CloseContract: ({ n }, currency, date) => ({ finalValue: money(currency, n), endedOn: date }),
};
const FUNCTIONS = ['it', 'desk'];
const EMPLOYERS = ['authority', 'authority', 'csc', 'atos'];
const staffActs: { readonly [command: string]: Data } = {
  RecordBaseline: ({ n, of, pick }) => ({
    programme: 'met',
    employer: at(EMPLOYERS, of),
    function: at(FUNCTIONS, pick),
    headcount: { count: 100 + (n % 400), unit: 'people' },
  }),
  TransferStaff: ({ n, of, pick }) => {
    const [moved, objected, retained, left] = [n % 90, n % 5, n % 7, n % 3] as const;
    const from = { employer: at(EMPLOYERS, of), function: at(FUNCTIONS, pick), unit: 'people' };
    const to = { ...from, employer: EMPLOYERS.find((one) => one !== from.employer && one !== at(EMPLOYERS, of + 1)) ?? 'atos' };
    return { transfer: `t-${n}-${pick}`, from, to, inScope: moved + objected + retained + left, moved, objected, retained, left };
  },
  RecordLeavers: ({ n, of, pick }) => ({ employer: at(EMPLOYERS, of), function: at(FUNCTIONS, pick), unit: 'people', count: 1 + (n % 40) }),
  RecordJoiners: ({ n, of, pick }) => ({ employer: at(EMPLOYERS, of), function: at(FUNCTIONS, pick), unit: 'people', count: 1 + (n % 40) }),
  Redeploy: ({ n, of, flag }) => ({
    employer: at(EMPLOYERS, of),
    unit: 'people',
    from: at(FUNCTIONS, Number(flag)),
    to: at(FUNCTIONS, Number(flag) + 1),
    count: 1 + (n % 50),
  }),
};
const lossActs: { readonly [command: string]: Data } = {
  RaiseLoss: ({ n, flag }, currency) => ({
    programme: 'met',
    title: `Loss ${n}`,
    ...(flag ? { bearer: 'authority' } : { bearer: 'supplier', supplier: 'csc' }),
    category: 'other',
    gross: more(currency, n),
  }),
  ReviseLoss: ({ n }, currency) => ({ gross: more(currency, n), why: 'Counted again' }),
  WriteOff: ({ n }, currency) => ({ amount: more(currency, n % 40) }),
  RecordRecovery: ({ n }, currency) => ({ amount: more(currency, n % 50) }),
  ReverseWriteOff: ({ n }, currency) => ({ amount: more(currency, n % 60) }),
};

/** How often some are tried, others once. */
const OFTEN: { readonly [command: string]: number } = { AwardContract: 4, RecordContract: 2, SignContract: 3, ApproveChange: 4, ExerciseExtension: 7, DiscloseValue: 2 }; // prettier-ignore

/** Tries one of these commands: mostly one whose event can follow where it would stand. */
const act = async (
  world: World,
  stream: string,
  acts: { readonly [command: string]: Data },
  currency: string,
  m: EveryMove,
  on: string,
) => {
  const history = await world.history(stream);
  const { stage } = history.before(on).state as { readonly stage: string };
  const names = Object.keys(acts);
  const can = names.flatMap((name) => {
    const { events } = commands.find((command) => command.name === name)!;
    const { allowedIn, mayPrecede } = history.aggregate.events[events[0]!];
    return allowedIn.includes(stage) && !(stage === 'none' && mayPrecede) ? Array<string>(OFTEN[name] ?? 1).fill(name) : [];
  });
  const name = at(can.length > 0 && m.pick % 12 > 0 ? can : names, m.pick);
  const record: Provenance = { ...(m.ago !== undefined && { effectiveOn: on }), ...(m.pick % 9 === 0 && { sequence: m.n % 9 }) };
  await world.try(stream, name, acts[name]!(m, currency, on), record);
};

/** Where something was recorded: streams in the order in which they were opened. */
const streamsOf = async (world: World): Promise<readonly string[]> => [...new Set((await world.events()).map(({ stream }) => stream))];

/** Fields of an event that a correction may change, each with another value; `undefined` removes the field. */
const better = (data: any, m: EveryMove, on: string): readonly (readonly [pointer: string, value: Json | undefined])[] => {
  const currency: string | undefined = [data.value, data.by, data.to, data.gross, data.amount].find((one) => one?.currency)?.currency;
  const found: (readonly [string, Json | undefined])[] = [['/effectiveOn', on]];
  for (const name of ['value', 'by', 'to', 'gross', 'amount', 'statedFrom'])
    if (data[name]?.currency) found.push([`/${name}`, { ...(name === 'to' || name === 'value' ? money : more)(currency!, m.n + found.length) }]); // prettier-ignore
  for (const name of ['statedFrom', 'covers', 'termMonths', 'towers']) if (data[name] !== undefined) found.push([`/${name}`, undefined]);
  if (data.title) found.push(['/title', `Better ${m.n}`]);
  if (data.headcount) found.push(['/headcount/count', 100 + (m.n % 400)]);
  if (typeof data.count === 'number') found.push(['/count', 1 + (m.n % 40)]);
  if (typeof data.moved === 'number') {
    const moved = Math.min(data.inScope, m.n % 90);
    found.push(['/moved', moved], ['/retained', data.inScope - moved - data.objected - data.left]);
  }
  return found;
};

type Currencies = readonly string[];
const plays: { readonly [kind in EveryMove['kind']]: (world: World, m: EveryMove, on: string, currencies: Currencies) => Promise<void> } = {
  contract: (world, m, on, currencies) => {
    const { id, currency } = at(contractsIn(currencies), m.of);
    return act(world, `contract-${id}`, contractActs, currency, m, on);
  },
  staff: (world, m, on) => act(world, 'workforce-met', staffActs, 'GBP', m, on),
  loss: (world, m, on, currencies) => {
    const currency = at(currencies, m.of);
    return act(world, `loss-${currency.toLowerCase()}`, lossActs, currency, m, on);
  },
  async correct(world, m, on) {
    const stream = at(await streamsOf(world), m.of);
    const { entries } = await world.history(stream);
    if (entries.length === 0) return;
    const { recorded, data } = at(entries, m.pick);
    const possible = better(data, m, on);
    const moved = possible.filter(([pointer]) => pointer === '/moved' || pointer === '/retained');
    const first = m.n % possible.length;
    const chosen = moved.length > 0 && m.flag ? moved : m.flag ? [possible[first]!] : possible.slice(first, first + 1 + (m.pick % 3));
    const changes = chosen.map(([pointer, value]) => (value === undefined ? { pointer, remove: true } : { pointer, value }));
    await world.try(stream, 'CorrectFact', { event: recorded.id, changes, because: at(['error', 'refined', 'settled'], m.n) });
  },
  async withdraw(world, m) {
    const stream = at(await streamsOf(world), m.of);
    const { entries } = await world.history(stream);
    if (entries.length > 0 && !stream.startsWith('supplier') && !stream.startsWith('programme'))
      await world.try(stream, 'WithdrawFact', { event: at(entries, m.pick).recorded.id, withDependants: m.flag });
  },
  async reinstate(world, m) {
    const streams = await streamsOf(world);
    const all = await Promise.all(streams.map(async (stream) => [...(await world.history(stream)).withdrawn.keys()].map((event) => ({ stream, event })))); // prettier-ignore
    const withdrawn = all.flat();
    if (withdrawn.length === 0) return;
    const { stream, event } = at(withdrawn, m.pick);
    await world.try(stream, 'ReinstateFact', { event, withDependants: m.flag || m.n % 3 > 0 });
  },
  async duplicate(world, m, _, currencies) {
    const { id } = at(contractsIn(currencies), m.of);
    const other = id.endsWith('1') ? id.replace('1', '2') : id.replace('2', '1');
    await world.try(`contract-${id}`, 'MarkDuplicate', { of: other });
  },
  async annotate(world, m) {
    const stream = at(await streamsOf(world), m.of);
    const { entries } = await world.history(stream);
    if (entries.length === 0) return;
    const { recorded, data } = at(entries, m.pick);
    const claim = data.title ? { claim: { pointer: '/title', value: 'Another' } } : {};
    await world.try(stream, 'Annotate', { event: recorded.id, note: 'Seen', ...claim }, { evidence: [{ title: 'Press' }] });
  },
};

/** Plays what somebody tries; `after` is called behind each move. What the ledger refuses is passed over, any other failure is thrown. */
export const playEveryMove = async (
  { tried, certain, currencies }: { readonly tried: readonly EveryMove[]; readonly certain: boolean; readonly currencies: Currencies },
  after: (world: World, nth: number) => Promise<void> = async () => {},
): Promise<World> => {
  const world = new World('1998-01-05');
  const began = { effectiveOn: FIRST };
  await world.record('programme-met', 'CharterProgramme', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, began);
  for (const tower of ['hosting', 'euc']) await world.record(`tower-${tower}`, 'PlanTower', { programme: 'met', title: tower }, began);
  for (const id of ['csc', 'atos', 'eviden'])
    await world.record(`supplier-${id}`, 'RegisterSupplier', { title: id, form: 'company' }, began);
  for (const [nth, m] of tried.entries()) {
    world.wait(m.wait);
    const on = dayOf(world.today, m, certain);
    if (bounds(on).earliest <= world.today) await plays[m.kind](world, m, on, currencies);
    await after(world, nth);
  }
  return world;
};
