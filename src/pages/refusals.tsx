import { split } from '../engine/audit/audit.js';
import { commandNames, refusalCodes, RefusalFinder, wantedRefusals } from '../http/find-refusals.js';
import type { RememberedRefusal } from '../http/answers.js';
import { cursorFor } from '../http/projections.controller.js';
import { refusalCursor } from '../http/refusals.controller.js';
import { plural } from '../kernel/index.js';
import { REFUSAL_STATUSES } from '../refusals/refusal.js';
import { More } from './more.js';
import { Ask, Filters, Pick } from './fields.js';
import type { Read } from './read.js';
import { address, places, type Frame, type Page } from './shell.js';
import { Instant, Name, placeText, Scroll, some, Text, wordsOf } from './words.js';

/** Refusals of one page. */
const ON_PAGE = 50;

const STATUS_WORDS: Readonly<Record<number, string>> = {
  401: 'no token in force',
  403: 'role may not',
  409: 'rule',
  412: 'changed meanwhile',
  422: 'key used before',
  429: 'too many tries',
};

/** What was refused to whom: by people, commands and rules, newest first. */
export const refusalsPage = async (finder: RefusalFinder, read: Read, frame: Frame): Promise<Page> => {
  const { cursor, minPosition: _, walk: __, ...filters } = frame.query;
  const wanted = wantedRefusals(filters, read.timeZone);
  const { refusals, next } = await finder.page(wanted, refusalCursor(cursor), ON_PAGE);
  const isFiltered = Object.keys(filters).length > 0;
  const { failure, isOn } = finder.recorder;
  return {
    title: 'Refusals',
    clocks: false,
    programme: filters['programme'],
    api: { json: address('/refusals', filters), csv: address('/refusals', { ...filters, format: 'csv' }) },
    body: (
      <>
        <h1>Refusals</h1>
        <p>
          What was tried and not recorded, and which rule said no. Refusals are no facts of the ledger
          {read.ledger.store.kind === 'kurrentdb' ? ': each node remembers its own, and these are of this one' : ''}. Dry runs and malformed
          requests are not among them.
        </p>
        {!isOn && <p class="banner warn">This server remembers no refusals.</p>}
        {failure && <p class="banner bad">Refusals cannot be written for now: {failure.message}</p>}
        <Filters action={frame.path} keep={{}}>
          <Ask name="actor" label="Person" value={filters['actor']} />
          <Pick name="command" label="Command" value={filters['command']} of={commandNames.map((name) => [name, wordsOf(name)])} />
          <Pick name="rule" label="Rule" value={filters['rule']} of={refusalCodes.map((code) => [code, code])} />
          <Pick
            name="status"
            label="Kind"
            value={filters['status']}
            of={REFUSAL_STATUSES.map((status) => [String(status), `${STATUS_WORDS[status]} (${status})`])}
          />
          <Ask name="programme" label="Programme" value={filters['programme']} />
          <Ask name="stream" label="Stream, such as contract-x" value={filters['stream']} />
          <Ask name="policy" label="Policy" value={filters['policy']} />
          <Ask name="from" label="From" value={filters['from']} type={fieldFor(filters['from'])} />
          <Ask name="to" label="To" value={filters['to']} type={fieldFor(filters['to'])} />
        </Filters>
        {isFiltered && (
          <p>
            <a href={frame.path}>All refusals</a>
          </p>
        )}
        {refusals.length === 0 ? (
          <p>{nothingFound(isFiltered, next)}</p>
        ) : (
          <Scroll label="Refusals">
            <table class="cards">
              <caption class="hidden">Refusals, the newest first</caption>
              <thead>
                <tr>
                  <th scope="col">What was tried</th>
                  <th scope="col">Why not</th>
                  <th scope="col">By</th>
                  <th scope="col">When</th>
                </tr>
              </thead>
              <tbody>
                {refusals.map((refusal) => (
                  <Line of={refusal} frame={frame} zone={read.timeZone} />
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
        <More frame={frame} next={next === undefined ? undefined : cursorFor(0, next)} of={some(refusals.length, 'line')} />
      </>
    ),
  };
};

const fieldFor = (date: string | undefined) => (date === undefined || /^\d{4}-\d\d-\d\d$/.test(date) ? 'date' : 'text');
const nothingFound = (isFiltered: boolean, next: string | undefined): string => {
  if (next !== undefined) return 'None of the newest is as you ask: the next page looks further back.';
  return isFiltered ? 'No refusal that is remembered is as you ask.' : 'Nothing was refused that is remembered.';
};

const Line = ({ of, frame, zone }: { readonly of: RememberedRefusal; readonly frame: Frame; readonly zone: string }) => {
  const { command, stream, request, title, detail, code, pointer, policies = [], status, times, until, grouped } = of;
  return (
    <tr>
      <th scope="row">
        {command === undefined ? <span class="id">{request ?? 'requests'}</span> : wordsOf(command)}
        {stream !== undefined && (
          <p class="small">
            <a href={placeOf(stream)}>
              <bdi>{stream.replace('-', ' ')}</bdi>
            </a>
          </p>
        )}
        {of.idempotencyKey !== undefined && (
          <p class="small quiet">
            key <Name of={of.idempotencyKey} />
          </p>
        )}
        {of.correlationId !== undefined && (
          <p class="small quiet">
            belongs to <Name of={of.correlationId} />
          </p>
        )}
        {of.causationId !== undefined && (
          <p class="small quiet">
            <a href={`/events/${of.causationId}`}>what made it necessary</a>
          </p>
        )}
      </th>
      <td data-label="Why not">
        <a href={address(frame.path, { rule: code })}>{title}</a>{' '}
        <span class={status === 409 ? 'tag bad' : 'tag warn'}>{STATUS_WORDS[status]}</span>
        {detail !== undefined && detail !== title && (
          <p class="small">
            <Text of={detail} />
          </p>
        )}
        <p class="small quiet">
          <span class="id">{code}</span>
          {pointer !== undefined && (
            <>
              {' · field '}
              <bdi>{placeText(pointer)}</bdi>
            </>
          )}
        </p>
        {policies.length > 0 && (
          <p class="small">
            {policies.map((rule) => (
              <>
                <a href={address('/app/decisions', { rule })}>
                  <bdi>{rule}</bdi>
                </a>{' '}
              </>
            ))}
          </p>
        )}
      </td>
      <td data-label="By">
        {of.actor === undefined ? (
          <span class="quiet">{of.address === undefined ? 'several' : of.address}</span>
        ) : (
          <a href={address(frame.path, { actor: of.actor })}>
            <Name of={of.actor} />
          </a>
        )}
        {of.role !== undefined && <p class="small quiet">{of.role}</p>}
      </td>
      <td data-label="When">
        <Instant at={of.refusedAt} zone={zone} />
        {times > 1 && (
          <p class="small quiet">
            {some(times, 'time')}
            {until !== undefined && (
              <>
                {' until '}
                <Instant at={until} zone={zone} />
              </>
            )}
            {grouped && '; they differ in what is not said here'}
          </p>
        )}
      </td>
    </tr>
  );
};

/** The page of what the stream is about; its contract where it is an account. */
const placeOf = (stream: string): string => {
  const [category, id] = split(stream);
  switch (category) {
    case 'contract':
    case 'account':
      return places.contract(id);
    case 'supplier':
      return places.supplier(id);
    case 'loss':
      return places.loss(id);
    case 'programme':
      return places.board(id);
    default:
      return `/app/${plural(category)}/${encodeURIComponent(id)}`;
  }
};
