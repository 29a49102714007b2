import { render } from 'preact-render-to-string';
import type { ComponentChildren } from 'preact';
import { plural } from '../kernel/index.js';
import { WALK } from './walk.js';
import { Instant, dateText, instantText } from './words.js';

export type Search = Readonly<Record<string, string | undefined>>;

/** A command that a page offers. */
export interface Choice {
  readonly name: string;
  /** The stages in which it may come; undefined for the ledger's own commands, about what is recorded. */
  readonly stages?: readonly string[] | undefined;
}

/** What every page knows of the request it answers. */
export interface Frame {
  /** Who looks: undefined without tokens, where everybody on this machine may do everything. */
  readonly person?: { readonly id: string; readonly role: string } | undefined;
  /** Nobody is signed in yet: the page shows nothing of the ledger. */
  readonly isOpen: boolean;
  readonly mayCommand: boolean;
  readonly maySeeRefusals: boolean;
  /** The commands of an aggregate, with those of the ledger. */
  readonly commands: (category: string) => readonly Choice[];
  /** A secret of the session, in every form: another site cannot know it. */
  readonly csrf: string;
  readonly path: string;
  readonly query: Search;
  readonly timeZone: string;
  readonly today: string;
  readonly version: string;
  readonly asOf: { readonly position: string | null; readonly recordedAt?: string; readonly final: boolean };
  /** The programme that the page is of, for the links at its head. */
  readonly programme?: string | undefined;
}
export interface Page {
  readonly title: string;
  readonly programme?: string | undefined;
  readonly body: ComponentChildren;
  /** The address of the API that answers the same question. */
  readonly api?: { readonly json: string; readonly csv?: string | undefined } | undefined;
  /** Whether the page can be asked for another time. */
  readonly clocks?: boolean;
  /** Days on which something happened, for the slider. */
  readonly days?: readonly string[] | undefined;
  readonly status?: number;
}

const queryText = (query: Search): string => {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '');
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
};
export const address = (path: string, query: Search = {}): string => `${path}${queryText(query)}`;
/** Both clocks of a query: links keep them from page to page. */
export const clocksOf = ({ effectiveOn, recordedAt }: Search): Search => ({ effectiveOn, recordedAt });
/** A link inside the pages, which keeps the time that is looked at. */
export const to = ({ query }: Pick<Frame, 'query'>, path: string, more: Search = {}): string =>
  address(path, { ...clocksOf(query), ...more });

const inPath = encodeURIComponent;
export const places = {
  board: (id: string) => `/app/boards/${inPath(id)}`,
  contract: (id: string) => `/app/contracts/${inPath(id)}`,
  decision: (id: string) => `/app/decisions/${inPath(id)}`,
  supplier: (id: string) => `/app/suppliers/${inPath(id)}`,
  loss: (id: string) => `/app/losses/${inPath(id)}`,
  /** The page about an aggregate of any category: of a programme its board, of an account its contract. */
  about: (category: string, id: string): string => {
    if (category === 'programme') return places.board(id);
    return category === 'account' ? places.contract(id) : `/app/${plural(category)}/${inPath(id)}`;
  },
};

const NAV: readonly (readonly [name: string, path: (programme: string | undefined) => string])[] = [
  ['Board', (p) => (p === undefined ? '/app' : places.board(p))],
  ['Contracts', () => '/app/contracts'],
  ['Decisions', () => '/app/decisions'],
  ['Suppliers', () => '/app/suppliers'],
  ['People', () => '/app/people'],
  ['Losses', () => '/app/losses'],
  ['Deadlines', () => '/app/deadlines'],
  ['What changed', () => '/app/changes'],
  ['Live', () => '/app/live'],
  ['Search', () => '/app/search'],
  ['Refusals', () => '/app/refusals'],
];

const Head = ({ frame }: { readonly frame: Frame }) => (
  <header class="top">
    <div class="wide">
      <a class="brand" href="/app">
        <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
          <path d="M2 18V9h4v9zM8 18V2h4v16zM14 18V6h4v12z" fill="#7ab8ec" />
        </svg>
        Tower Ledger
      </a>
      <div class="who">
        {frame.person ? (
          <>
            <span>
              <bdi>{frame.person.id}</bdi>, {frame.person.role}
            </span>
            <form method="post" action="/app/sign-out">
              <input type="hidden" name="csrf" value={frame.csrf} />
              <button class="plain">Sign out</button>
            </form>
          </>
        ) : (
          <span>{frame.isOpen ? 'not signed in' : 'local: everybody on this machine'}</span>
        )}
      </div>
    </div>
  </header>
);
const Nav = ({ frame }: { readonly frame: Frame }) => (
  <nav class="nav" aria-label="Pages">
    <ul class="wide">
      {NAV.filter(([name]) => name !== 'Refusals' || frame.maySeeRefusals).map(([name, path]) => {
        const href = path(frame.programme);
        const isHere =
          name === 'Board' ? /^\/app(\/boards\/|$)/.test(frame.path) : frame.path === href || frame.path.startsWith(`${href}/`);
        const more = ['Board', 'Decisions', 'Live', 'Search'].includes(name) ? {} : { programme: frame.programme };
        const link = name === 'Refusals' ? address(href, more) : to(frame, href, more); // a refusal has one day alone
        return (
          <li>
            <a href={link} aria-current={isHere ? 'page' : undefined}>
              {name}
            </a>
          </li>
        );
      })}
    </ul>
  </nav>
);

/** In words: what day is looked at, and as known when. */
const timeText = ({ query, timeZone }: Frame): string => {
  const { effectiveOn, recordedAt } = query;
  const day = effectiveOn === undefined ? undefined : dateText(effectiveOn);
  const known = recordedAt === undefined ? undefined : recordedAt.includes('T') ? instantText(recordedAt, timeZone) : dateText(recordedAt);
  if (day === undefined && known === undefined) return 'As it is known now';
  if (known === undefined) return `On ${day}, as it is known now`;
  return day === undefined ? `As it was known on ${known}` : `On ${day}, as it was known on ${known}`;
};
const isDay = (text: string | undefined) => text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text);
/** A calendar to pick from, unless the date is no exact day. */
const fieldFor = (date: string | undefined) => (date === undefined || isDay(date) ? 'date' : 'text') as 'date';
const Clocks = ({ frame, days }: { readonly frame: Frame; readonly days?: readonly string[] | undefined }) => {
  const { effectiveOn, recordedAt, cursor: _, position: __, walk: ___, ...others } = frame.query;
  const isPast = effectiveOn !== undefined || recordedAt !== undefined;
  return (
    <section class={isPast ? 'clocks past' : 'clocks'} aria-label="Time">
      <form class="wide" method="get" action={frame.path} data-clocks>
        {Object.entries(others).map(([name, value]) => value !== undefined && <input type="hidden" name={name} value={value} />)}
        <strong class="now">{timeText(frame)}</strong>
        <label>
          Effective day
          <input type={fieldFor(effectiveOn)} name="effectiveOn" value={effectiveOn ?? ''} />
        </label>
        <label>
          Known on
          <input
            type={fieldFor(recordedAt)}
            name="recordedAt"
            value={recordedAt ?? ''}
            max={recordedAt === undefined || isDay(recordedAt) ? frame.today : undefined}
          />
        </label>
        <button>Show</button>
        {isPast && <a href={address(frame.path, others)}>Back to now</a>}
        {days && days.length > 1 && <div class="slider" data-days={days.join(' ')} hidden />}
      </form>
    </section>
  );
};

/** The address of a step of the guided walk, from 1. */
export const stepAddress = (n: number): string => address(WALK[n - 1]!.path, { ...WALK[n - 1]!.query, walk: String(n) });
/** What the guided walk says of its page. */
const Walk = ({ frame: { path, query } }: { readonly frame: Frame }) => {
  const n = Number(query['walk']);
  const step = WALK[n - 1];
  if (step?.path !== path) return null;
  return (
    <section class="walk noprint" aria-label="Guided walk">
      <div class="wide">
        <p>
          <strong>
            {n} of {WALK.length} · {step.title}
          </strong>{' '}
          {step.text}
        </p>
        <p>
          {n > 1 && <a href={stepAddress(n - 1)}>Back: {WALK[n - 2]!.title}</a>}{' '}
          {n < WALK.length ? (
            <a rel="next" href={stepAddress(n + 1)}>
              Next: {WALK[n]!.title}
            </a>
          ) : (
            <a href="/app">End of the walk</a>
          )}
        </p>
      </div>
    </section>
  );
};

const Foot = ({ frame, page }: { readonly frame: Frame; readonly page: Page }) => (
  <footer class="foot">
    <div class="wide">
      {page.api && (
        <p>
          The same from the API: <a href={page.api.json}>JSON</a>
          {page.api.csv !== undefined && (
            <>
              {', '}
              <a href={page.api.csv}>CSV</a>
            </>
          )}
        </p>
      )}
      <p class="quiet">
        {frame.asOf.position === null ? 'Nothing is recorded yet.' : `True for position ${frame.asOf.position} of the log`}
        {frame.asOf.recordedAt !== undefined && (
          <>
            , as recorded by <Instant at={frame.asOf.recordedAt} zone={frame.timeZone} />
            {frame.asOf.final ? ' (final)' : ''}
          </>
        )}
        {frame.asOf.position !== null && '.'} <a href="/app/proof">Proof</a> · <a href="/app/health">Health</a> · <a href="/docs">API</a>
      </p>
    </div>
  </footer>
);

const Document = ({ frame, page }: { readonly frame: Frame; readonly page: Page }) => (
  <html lang="en-GB">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{`${page.title} – Tower Ledger`}</title>
      <link rel="stylesheet" href={`/app/assets/style.css?v=${frame.version}`} />
      <link rel="icon" href={`/app/assets/icon.svg?v=${frame.version}`} type="image/svg+xml" />
      <script type="module" src={`/app/assets/pages.js?v=${frame.version}`} />
    </head>
    <body>
      <a class="govuk-skip-link skip" href="#main">
        Skip to the page
      </a>
      <Head frame={frame} />
      {!frame.isOpen && <Nav frame={frame} />}
      <Walk frame={frame} />
      {page.clocks !== false && <Clocks frame={frame} days={page.days} />}
      <main id="main" class="wide" tabIndex={-1}>
        {page.body}
      </main>
      {!frame.isOpen && <Foot frame={frame} page={page} />}
    </body>
  </html>
);

/** The whole document. */
export const documentOf = (frame: Frame, page: Page): string =>
  `<!doctype html>${render(<Document frame={{ ...frame, programme: page.programme ?? frame.programme }} page={page} />)}`;
