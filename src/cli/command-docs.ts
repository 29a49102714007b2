import { aggregates, commands } from '../domain/index.js';
import { exampleOf, type AnyAggregate, type AnyCommand, type Fields } from '../kernel/index.js';

const listed = (texts: readonly string[]): string => texts.join(', ') || '–';
const code = (text: string): string => `\`${text}\``;
const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The stages after which an event may come: `nothing` where it opens the stream. */
const mayFollow = ({ aggregate, events }: AnyCommand): string => {
  if (!aggregate) return 'any';
  const stages = aggregate.stages.filter((stage: string) => events.some((type) => aggregate.events[type].allowedIn.includes(stage)));
  return stages.length === aggregate.stages.length ? 'any' : listed(stages.map((stage: string) => (stage === 'none' ? 'nothing' : stage)));
};

/** A Markdown table of some commands: what each does, its events, the stages that it may follow, and the refusals of its own. */
export const commandTable = (some: readonly AnyCommand[]): string =>
  [
    '| Command | Does | Events | Follows | Refusals of its own |',
    '|---|---|---|---|---|',
    ...some.map((command) => {
      const { name, summary, events, refusals, approves } = command;
      return `| ${name} | ${cell(summary)}${approves === true ? ' Takes an approver.' : ''} | ${events.join(', ')} | ${mayFollow(command)} | ${listed(Object.keys(refusals).map(code))} |`;
    }),
  ].join('\n');

/** Every refusal of some commands, once, in the words in which it is declared. */
const refusalTable = (some: readonly AnyCommand[]): string => {
  const sentences = new Map(some.flatMap(({ refusals }) => Object.entries(refusals)));
  return ['| Refusal | What must hold |', '|---|---|', ...[...sentences].sort(([a], [b]) => (a < b ? -1 : 1)).map(([of, says]) => `| ${code(of)} | ${cell(says)} |`)].join('\n'); // prettier-ignore
};

/** Data of an event: its example, and that example with each value of each choice. */
const samplesOf = (fields: Fields): readonly object[] => {
  const example = exampleOf(fields);
  const choices = Object.entries(fields).flatMap(([name, { kind, values = [] }]) =>
    kind === 'choice' ? values.map((value) => ({ ...example, [name]: value })) : [],
  );
  return choices.length > 0 ? choices : [example];
};

/** From which stage an event leads to which: found by folding examples of it on a state of each stage that it may follow. */
export const transitionsOf = (aggregate: AnyAggregate, more: object = {}): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>();
  for (const type of Object.keys(aggregate.events)) {
    const { allowedIn, fields } = aggregate.events[type] as { readonly allowedIn: readonly string[]; readonly fields: Fields };
    for (const from of allowedIn)
      for (const data of samplesOf(fields)) {
        const state = { ...aggregate.initial, ...more, stage: from };
        const { stage }: { readonly stage: string } = aggregate.events[type].evolve(state, data, {
          event: type,
          effectiveOn: '2016-01-01',
        });
        if (stage === from) continue;
        const key = `${from === 'none' ? '[*]' : from} --> ${stage}`;
        const types = found.get(key) ?? [];
        if (!types.includes(type)) found.set(key, [...types, type]);
      }
  }
  return found;
};

/** The life of an aggregate as a Mermaid diagram: every event that changes its stage. */
const lifeOf = (aggregate: AnyAggregate, more?: object): string => {
  const name = (stage: string): string => stage.replaceAll('-', '_');
  const lines = [...transitionsOf(aggregate, more)].map(([edge, types]) => {
    const [from = '', to = ''] = edge.split(' --> ');
    return `  ${from === '[*]' ? from : name(from)} --> ${name(to)}: ${types.join(', ')}`;
  });
  return ['```mermaid', 'stateDiagram-v2', ...lines, '```'].join('\n');
};

const aggregateOf = (wanted: string): AnyAggregate => aggregates.find(({ category }) => category === wanted)!;
/** What the examples of a contract's events are folded on: a notice that was given while it was live. */
const NOTICED = { notice: { by: 'authority', on: '2016-01-01', was: 'live' } };
const LIVES: { readonly [category: string]: string } = {
  contract: `The stages of a contract, and the events that lead from one to the next:\n\n${lifeOf(aggregateOf('contract'), NOTICED)}\n`,
  account: `The stages of an account:\n\n${lifeOf(aggregateOf('account'))}\n`,
};

const title = (category: string): string => `${category[0]!.toUpperCase()}${category.slice(1)}`;
const section = (name: string, some: readonly AnyCommand[]): string =>
  [`## ${title(name)}`, '', ...(LIVES[name] ? [LIVES[name]] : []), commandTable(some), '', refusalTable(some), ''].join('\n');

/** `docs/commands.md`, from the registry. */
export const commandPage = (): string =>
  [
    '# Commands',
    '',
    'Made from the registry by `npm run readme`. Each command is `POST /<aggregate>s/<id>/<command-in-kebab-case>`; its fields stand in',
    '`/openapi.json`. Beside the refusals of its own, each can be refused by its stage (`<aggregate>/unknown`, `/exists`, `/not-yet`, `/stage`), an',
    'unknown reference, a later fact that could no longer follow, or an adopted policy. Where people sign in, some commands take an approver, and',
    'so does every one that waives a rule (`record.waives`), and CorrectFact where it corrects a decider or an authority.',
    '',
    ...aggregates.map((aggregate) =>
      section(
        aggregate.category,
        commands.filter((command) => command.aggregate === aggregate),
      ),
    ),
    section(
      'ledger',
      commands.filter(({ aggregate }) => !aggregate),
    ),
  ].join('\n');
