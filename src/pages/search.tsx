import type { ComponentChildren } from 'preact';
import { contractRegister } from '../../projections/contract-register.js';
import { exposure } from '../../projections/exposure.js';
import { REFERENCED, referenceKey } from '../../projections/identifiers.js';
import { split } from '../engine/audit/audit.js';
import { NoSearchWordsError, type SearchHit } from '../engine/read/search.js';
import { isIdentifier, matchKey } from '../kernel/index.js';
import { STAGES } from './contracts.js';
import { Facets, isWithin, type Facet } from './facets.js';
import type { Read } from './read.js';
import { address, places, to, type Frame, type Page } from './shell.js';
import { Day, Name, placeText, some, Tag, wordsOf } from './words.js';

/** Hits of each kind that are shown, unless one kind is asked for; and hits of each kind that are looked at and counted. */
const MOST = 20;
const LOOKED_AT = 100;
/** Rows of suppliers, and of losses, that are looked through, in pages of 100. */
const PAGES = 5;
const folded = (text: string): string => text.normalize('NFKC').toLowerCase();

interface Hit {
  readonly kind: string;
  readonly href: string;
  readonly title: string;
  readonly more?: string;
  readonly stage?: string;
  /** Of an event: what it is about. */
  readonly about?: string;
  /** Of an event: where the words stand in it. */
  readonly found?: ComponentChildren;
}
const FACETS: readonly Facet<Hit>[] = [
  { name: 'kind', title: 'Kind', of: ({ kind }) => [kind], label: (kind) => KINDS[kind] ?? kind },
  { name: 'stage', title: 'Stage', of: ({ stage }) => (stage === undefined ? [] : [stage]), label: wordsOf },
  { name: 'about', title: 'Recorded about', of: ({ about }) => (about === undefined ? [] : [about]), label: wordsOf },
];
export const SEARCH_FACETS = FACETS.map(({ name }) => name);
/** The kinds of hits, in the order in which they are shown. */
const KINDS: Readonly<Record<string, string>> = {
  paper: 'Papers',
  identifier: 'Identifiers of other systems',
  contract: 'Contracts',
  supplier: 'Suppliers',
  loss: 'Losses',
  person: 'People who decided',
  event: 'In what was recorded',
};

/** Contracts, suppliers, losses, papers and events that hold some words. */
export const searchPage = async (read: Read, frame: Frame): Promise<Page> => {
  const words = frame.query['q']?.trim() ?? '';
  const named = words === '' ? NO_HITS : await namedSo(read, frame, words);
  const all = words === '' ? [] : [...named.hits, ...(await wordsIn(read, frame, words))];
  const hits = all.filter((hit) => isWithin(hit, FACETS, frame));
  const isCut = Object.keys(KINDS).some((kind) => all.filter((hit) => hit.kind === kind).length >= LOOKED_AT);
  const most = frame.query['kind'] === undefined ? MOST : LOOKED_AT;
  return {
    title: words === '' ? 'Search' : `Search: ${words}`,
    api: { json: words === '' ? '/search?q=example' : address('/search', { q: words, category: categoryOf(read) }) },
    body: (
      <>
        <h1>Search</h1>
        <form class="filters" method="get" action={frame.path} role="search">
          <div>
            <label for="q">A title, a supplier, a paper, an identifier</label>
            <input id="q" name="q" value={words} size={40} />
          </div>
          <button>Search</button>
        </form>
        {words !== '' && <p role="status">{hits.length === 0 ? 'Nothing was found.' : `${some(hits.length, 'hit')}.`}</p>}
        {!named.isAll && (
          <p class="banner warn">
            Not all contracts, suppliers and losses were looked through by name. What was recorded of them was, for whole words.
          </p>
        )}
        <Facets
          facets={FACETS}
          rows={hits}
          frame={frame}
          bound={isCut ? `Counted among the first ${LOOKED_AT} of each kind.` : undefined}
        />
        {Object.entries(KINDS).map(([kind, title]) => (
          <Group
            title={title}
            hits={hits.filter((hit) => hit.kind === kind)}
            most={most}
            all={
              kind === 'contract'
                ? to(frame, '/app/contracts', { text: words, stage: frame.query['stage'] })
                : address(frame.path, { ...frame.query, kind })
            }
          />
        ))}
      </>
    ),
  };
};

const Group = ({
  title,
  hits,
  most,
  all,
}: {
  readonly title: string;
  readonly hits: readonly Hit[];
  readonly most: number;
  /** Where those that are not shown are. */
  readonly all: string;
}) =>
  hits.length === 0 ? null : (
    <section>
      <h2>{title}</h2>
      <ul class="line">
        {hits.slice(0, most).map(({ href, title, more, stage, found }) => (
          <li>
            <a href={href}>
              <Name of={title} />
            </a>{' '}
            {stage !== undefined && <Tag of={stage} />}
            {found}
            {more !== undefined && (
              <div class="when">
                <Name of={more} />
              </div>
            )}
          </li>
        ))}
      </ul>
      {hits.length > most && (
        <p>
          <a href={all}>All of them</a>
        </p>
      )}
    </section>
  );

/** The newest events that have all the words; none where they are no words to look for. */
const wordsIn = async (read: Read, frame: Frame, words: string): Promise<readonly Hit[]> => {
  try {
    const { hits } = await read.ledger.projector.search({ text: words.slice(0, 200), category: categoryOf(read), limit: LOOKED_AT });
    return hits.map((hit) => {
      const [about] = split(hit.stream);
      return { kind: 'event', href: to(frame, places.about(...split(hit.stream))), title: hit.stream.replace('-', ' '), about, found: <Found of={hit} /> }; // prettier-ignore
    });
  } catch (error) {
    if (error instanceof NoSearchWordsError) return [];
    throw error;
  }
};
const categoryOf = ({ query, ledger }: Read): string | undefined =>
  ledger.registry.aggregates.find(({ category }) => category === query['about'])?.category;
const Found = ({ of: { type, superseded, snippet, pointer, effectiveOn } }: { readonly of: SearchHit }) => (
  <>
    <span class="quiet">{wordsOf(type)}</span> {superseded !== false && <span class="tag warn">read so before it was {superseded}</span>}
    <div>
      <bdi>{snippet.map(({ text, hit }) => (hit ? <mark>{text}</mark> : text))}</bdi>
    </div>
    <div class="when">
      {placeText(pointer)} · <Day on={effectiveOn} />
    </div>
  </>
);

interface Named {
  readonly hits: readonly Hit[];
  /** Whether all contracts, suppliers and losses were looked through. */
  readonly isAll: boolean;
}
const NO_HITS: Named = { hits: [], isAll: true };
/** What is called so: papers, identifiers, contracts, suppliers, losses and people. */
const namedSo = async (read: Read, frame: Frame, words: string): Promise<Named> => {
  const all = folded(words).split(/\s+/);
  const holds = (...texts: readonly (string | null | undefined)[]) => {
    const text = folded(texts.join(' '));
    return all.every((word) => text.includes(word));
  };
  const { projector } = read.ledger;
  const hits: Hit[] = [];
  const key = matchKey(words);
  const reference =
    key === ''
      ? undefined
      : ((await projector.row('decisions', `reference:${key}`)) as { readonly counts: { readonly decisions: number } } | undefined);
  if (reference)
    hits.push({ kind: 'paper', href: to(frame, '/app/decisions', { reference: words }), title: words, more: some(reference.counts.decisions, 'decision') }); // prettier-ignore
  // an identifier of another system is found by its scheme and its text
  const [, scheme, id] = /^([^\s:]{1,64})[:\s]+(.{1,200})$/.exec(words) ?? [];
  if (scheme !== undefined && id !== undefined)
    for (const category of REFERENCED) {
      const row = (await projector.row('identifiers', referenceKey(category, { scheme, id }))) as
        { readonly holders?: readonly { readonly id: string }[] } | undefined;
      for (const holder of row?.holders ?? [])
        hits.push({ kind: 'identifier', href: places.about(category, holder.id), title: holder.id, more: `${scheme} ${id}` });
    }
  const contracts = await read.rows<{
    readonly contract: string;
    readonly title: string;
    readonly stage: string;
    readonly supplierName: string | null;
  }>(contractRegister.name, { text: words, stage: stageOf(read) }, LOOKED_AT);
  for (const { row } of contracts.rows)
    hits.push({
      kind: 'contract',
      href: to(frame, places.contract(row.contract)),
      title: row.title || row.contract,
      stage: row.stage,
      more: [row.contract, row.supplierName].filter(Boolean).join(' · '),
    });
  const suppliers = await read.all<{ readonly supplier: string; readonly title: string; readonly aliases?: readonly string[] }>(
    exposure.name,
    { kind: 'supplier' },
    PAGES,
  );
  for (const { row } of suppliers.rows.filter(({ row }) => holds(row.supplier, row.title, ...(row.aliases ?? []))).slice(0, LOOKED_AT))
    hits.push({ kind: 'supplier', href: to(frame, places.supplier(row.supplier)), title: row.title });
  const losses = await read.all<{ readonly loss: string; readonly title: string; readonly stage: string; readonly case: string | null }>(
    exposure.name,
    { kind: 'loss' },
    PAGES,
  );
  for (const { row } of losses.rows.filter(({ row }) => holds(row.loss, row.title, row.case)).slice(0, LOOKED_AT))
    hits.push({ kind: 'loss', href: to(frame, places.loss(row.loss)), title: row.title, stage: row.stage });
  if (isIdentifier(words) && (await projector.row('decisions', `person:${words}`)))
    hits.push({ kind: 'person', href: to(frame, '/app/decisions', { person: words }), title: words });
  return { hits, isAll: contracts.next === undefined && suppliers.isAll && losses.isAll };
};
/** A stage of contracts; one that only losses have is asked of none. */
const stageOf = ({ query }: Read): string | undefined => (STAGES.includes(query['stage'] ?? '') ? query['stage'] : undefined);
