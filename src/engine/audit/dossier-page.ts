import {
  exponentOf,
  isAmount,
  isLedgerEvent,
  showAmount,
  showValue,
  type Amount,
  type Evidence,
  type Json,
  type Operation,
  type Value,
} from '../../kernel/index.js';
import type { Block, Document, Line, Piece } from './document.js';
import type { KnownStream, NamedDecision, RecordedSince, WholeDossier } from './dossier.js';

/** Of a state that is shown: leaves at most, entries of a list at most, and the text of one value, in characters. */
const MAX_LEAVES = 60;
const MAX_ENTRIES = 10;
const MAX_TEXT = 5000;
/** Rows of a table of operations. */
const MAX_ROWS = 200;

const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text);

const isObject = (value: unknown): value is { readonly [key: string]: Json } =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const isMoney = (value: { readonly [key: string]: unknown }): boolean =>
  (typeof value['amount'] === 'string' && typeof value['currency'] === 'string' && exponentOf(value['currency']) !== undefined) ||
  value['undisclosed'] === true ||
  value['unknown'] === true ||
  isObject(value['withheld']);

/** A value as a person reads it: money as `£96m`, a text as itself, anything else as JSON. */
export const shown = (value: unknown): string => {
  if (value === undefined || value === null) return '–';
  if (typeof value === 'string') return cut(value);
  if (isObject(value) && isMoney(value)) {
    const money = value as unknown as Value;
    return isAmount(money) ? showAmount(money) : showValue(money);
  }
  return cut(JSON.stringify(value));
};

/** The leaves of a state, each by its JSON Pointer. */
const leavesOf = (state: Json): { readonly leaves: readonly (readonly [string, string])[]; readonly more: number } => {
  const leaves: [string, string][] = [];
  let more = 0;
  const add = (path: string, value: Json): void => {
    if (leaves.length >= MAX_LEAVES) more++;
    else if (Array.isArray(value) && value.length > MAX_ENTRIES) leaves.push([path, `${value.length} entries`]);
    else if (Array.isArray(value) && value.some((entry) => entry !== null && typeof entry === 'object'))
      value.forEach((entry, i) => add(`${path}/${i}`, entry as Json));
    else if (isObject(value) && !isMoney(value)) {
      const entries = Object.entries(value);
      if (entries.length > 0) for (const [key, entry] of entries) add(`${path}/${key}`, entry);
    } else if (!(Array.isArray(value) && value.length === 0)) leaves.push([path, shown(value)]);
  };
  add('', state);
  return { leaves, more };
};

const decisionAt = (id: string): string => `/decisions/${id}`;
const streamAt = (stream: string): string => {
  const dash = stream.indexOf('-');
  const category = stream.slice(0, dash);
  return `${category} ${stream.slice(dash + 1)}`;
};
const personOf = (of: { readonly person: string; readonly office?: string } | undefined): string =>
  of ? `${of.office ?? 'no office recorded'} (${of.person})` : 'not recorded';
const actorOf = ({ id, role }: { readonly id: string; readonly role?: string }): string => (role ? `${id}, as ${role}` : id);
const authorityOf = (of: {
  readonly reference: string;
  readonly limit?: { readonly amount: string; readonly currency: string };
}): string => (of.limit ? `${of.reference}, up to ${showAmount(of.limit as Amount)}` : of.reference);

const evidenceLine = ({ uri, title, published, paragraph, sha256, confidence }: Evidence): Line => {
  const name: Piece = uri === undefined ? (title ?? 'untitled') : { text: title ?? uri, href: uri };
  const more = [
    published && `published ${published}`,
    paragraph && `paragraph ${paragraph}`,
    confidence && `confidence: ${confidence}`,
    title && uri && uri,
    sha256 && `SHA-256 ${sha256}`,
  ].filter(Boolean);
  return more.length > 0 ? [name, ` · ${more.join(' · ')}`] : name;
};

const SINCE: { readonly [K in RecordedSince['kind']]: string } = {
  corrected: 'Corrected',
  withdrawn: 'Withdrawn: it never happened',
  reinstated: 'Reinstated: the withdrawal was taken back',
  annotated: 'Annotated',
  'marked-as-duplicate': 'Marked as a duplicate',
};
const sinceLine = (since: RecordedSince): Line => {
  const { kind, decision, recordedAt, actor, changes = [], because, note, claim, duplicateOf, assessed = [], reason } = since;
  const said = [
    ...changes.map(({ pointer, value, was, remove }) => `${pointer}: ${shown(was)} → ${remove ? 'removed' : shown(value)}`),
    ...(because ? [`because: ${because}`] : []),
    ...(duplicateOf ? [`of ${duplicateOf}`] : []),
    ...(note ? [note] : []),
    ...(claim ? [`another source says ${claim.pointer} ${shown(claim.value)}`] : []),
    ...(reason ? [reason] : []),
    ...assessed.map(({ rule, version, result }) => `assessed again by ${rule} ${version}: ${result}`),
  ];
  return [
    `${SINCE[kind]} on ${recordedAt} by ${actorOf(actor)} (`,
    { text: `decision ${decision}`, href: decisionAt(decision) },
    `)${said.length > 0 ? `. ${said.join('; ')}` : ''}`,
  ];
};

const bannerOf = ({ status, since, earlierSince, assessed }: WholeDossier): readonly Block[] => {
  const rules = assessed.flatMap((one) => ('text' in one && one.text ? [`${one.rule} ${one.version}: ${one.text}`] : []));
  if (since.length === 0 && rules.length === 0) return [];
  const head = { stands: 'Since then', corrected: 'CORRECTED SINCE', withdrawn: 'WITHDRAWN SINCE', 'partly-withdrawn': 'WITHDRAWN IN PART SINCE' }[status]; // prettier-ignore
  const first = earlierSince === undefined ? head : `${head}: the newest ${since.length}, and ${earlierSince} before them`;
  return [{ banner: [first, ...since.map(sinceLine), ...rules] }];
};

const operationRows = (operations: readonly Operation[]): readonly (readonly Line[])[] =>
  operations
    .slice(0, MAX_ROWS)
    .map((operation) => [
      operation.path,
      operation.op === 'add' ? '–' : shown(operation.was),
      operation.op === 'remove' ? 'removed' : shown(operation.value),
    ]);

const eventBlocks = (event: WholeDossier['events'][number], stream: string): readonly Block[] => {
  const left = (event.more ?? 0) + Math.max(0, event.changed.length - MAX_ROWS);
  return [
    { heading: `${event.type}, revision ${event.revision} of ${stream}`, level: 3 },
    ...(event.changed.length === 0
      ? [{ paragraph: isLedgerEvent(event.type) ? 'It changed how other facts are read.' : 'It changed nothing in the state.' }]
      : [{ columns: ['Field', 'Before', 'After'], rows: operationRows(event.changed) }]),
    ...(left > 0 ? [{ paragraph: `${left} further changes are in the history of the stream.` }] : []),
  ];
};

const knownBlocks = (known: readonly KnownStream[]): readonly Block[] =>
  known.flatMap(({ stream, revision, href, since, laterThanTheAct, state }): readonly Block[] => {
    const at = revision < 0 ? 'before its first event' : `at revision ${revision}`;
    const heading: Block = { heading: `${streamAt(stream)}, ${at}`, level: 3 };
    if (revision < 0) return [heading, { paragraph: 'Nothing was recorded of it.' }];
    const notes = [
      ...(since ? [`${since} ${since === 1 ? 'event was' : 'events were'} recorded there since.`] : []),
      ...(laterThanTheAct ? [`${laterThanTheAct} of the facts known are of a later day than the act.`] : []),
    ];
    const address: Piece = { text: href, href };
    if (state === undefined) return [heading, { paragraph: [`${notes.join(' ')} Its content: `.trimStart(), address] }];
    const { leaves, more } = leavesOf(state);
    const rest = more > 0 ? `${more} further fields: ` : 'All of it: ';
    return [heading, { columns: ['Field', 'Known as'], rows: leaves }, { paragraph: [...notes.map((note) => `${note} `), rest, address] }];
  });

const namedRows = (named: readonly NamedDecision[]): readonly (readonly Line[])[] =>
  named.map(({ decision, command, stream, recordedAt, type }) => [
    type ? `${type}, by ${command}` : command,
    streamAt(stream),
    recordedAt,
    { text: decision, href: decisionAt(decision) },
  ]);
const NAMED = ['What', 'Of', 'Recorded', 'Decision'];

const causeBlocks = ({ caused: { by, about = [], causing, together, correlation } }: WholeDossier): readonly Block[] => {
  const groups: readonly (readonly [string, readonly NamedDecision[]])[] = [
    ['Caused by', by && 'command' in by ? [by] : []],
    ['About', about],
    ['Led to', causing],
    ['Recorded together with', together],
  ];
  const some = groups.filter(([, named]) => named.length > 0);
  const cause: readonly Block[] = by && !('command' in by) ? [{ paragraph: `Caused by ${by.decision}, which is not recorded here.` }] : [];
  return [
    { heading: 'Caused by and causing', level: 2 },
    ...cause,
    ...(some.length + cause.length === 0 ? [{ paragraph: `Nothing else is recorded under the correlation id ${correlation}.` }] : []),
    ...some.flatMap(([heading, named]): readonly Block[] => [
      { heading, level: 3 },
      { columns: NAMED, rows: namedRows(named) },
    ]),
  ];
};

/** One decision as a page. @param proof where each event is proven to be in the ledger */
export const dossierPage = (
  dossier: WholeDossier,
  asOf: { readonly position: string | null },
  proof: readonly { readonly event: string; readonly href: string }[],
): Document => {
  const { decision, command, summary, stream, revision, recordedAt, effectiveOn, daysLate } = dossier;
  const { actor, decidedBy, authority, reason, evidence, assessed, asked, known, knownMeans, events } = dossier;
  const { record: _, ...sent } = asked;
  const title = `${command} of ${streamAt(stream)}${authority ? `, ${authority.reference}` : ''}`;
  return {
    title: `${title}: dossier`,
    blocks: [
      { heading: title, level: 1 },
      ...bannerOf(dossier),
      {
        facts: [
          ['Decision', { text: decision, href: decisionAt(decision) }],
          ['Command', summary ? `${command}: ${summary}` : command],
          ['Stream', [streamAt(stream), ` to revision ${revision}`]],
          ['Day of the act', effectiveOn === 'unknown' ? 'unknown' : effectiveOn],
          ['Recorded', `${recordedAt}${daysLate ? `, at least ${daysLate} days late` : ''}`],
          ['Recorded by', actorOf(actor)],
          ['Decided by', personOf(decidedBy)],
          ['Authority', authority ? authorityOf(authority) : 'not recorded'],
          ['Reason', reason ?? 'not recorded'],
          ['True for', `position ${asOf.position ?? 'none'} of the ledger`],
        ],
      },
      { heading: 'What was asked', level: 2 },
      Object.keys(sent).length === 0
        ? { paragraph: 'The command has no fields.' }
        : { columns: ['Field', 'Sent'], rows: leavesOf(sent as Json).leaves },
      { heading: 'Evidence', level: 2 },
      evidence.length === 0
        ? { paragraph: 'None was recorded.' }
        : { columns: ['Source'], rows: evidence.map((one) => [evidenceLine(one)]) },
      { heading: 'What it changed', level: 2 },
      ...events.flatMap((event) => eventBlocks(event, stream)),
      { heading: 'Rules', level: 2 },
      ...(assessed.length === 0
        ? [{ paragraph: 'No adopted rule judged it.' }]
        : assessed.flatMap((one): readonly Block[] => [
            { heading: `${one.rule} ${one.version}: ${one.result}`, level: 3 },
            ...('text' in one && one.text ? [{ paragraph: one.text }] : []),
            ...(one.note ? [{ paragraph: one.note }] : []),
            ...(one.asRecordedBy === undefined ? [] : [{ paragraph: `Who decided is as recorded by ${one.asRecordedBy}.` }]),
            { columns: ['Input', 'As judged'], rows: leavesOf(one.inputs as Json).leaves },
          ])),
      { heading: 'What was known', level: 2 },
      { paragraph: knownMeans },
      ...knownBlocks(known),
      ...causeBlocks(dossier),
      { heading: 'Proof', level: 2 },
      {
        columns: ['Event', 'Its place in the signed ledger'],
        rows: proof.map(({ event, href }) => [event, { text: href, href }]),
      },
      { heading: 'Check it', level: 2 },
      {
        paragraph: [
          'Taken again from what was known: ',
          { text: `${decisionAt(decision)}/replay`, href: `${decisionAt(decision)}/replay` },
          '. As JSON or Markdown: the same address with the header Accept.',
        ],
      },
    ],
  };
};
