import { contractRegister } from '../../projections/contract-register.js';
import { exposure } from '../../projections/exposure.js';
import { REFERENCED, referenceKey } from '../../projections/identifiers.js';
import { split } from '../engine/audit/audit.js';
import { NoSearchWordsError, type SearchHit } from '../engine/read/search.js';
import { isIdentifier, matchKey } from '../kernel/index.js';
import type { Read } from './read.js';
import { address, places, to, type Frame, type Page } from './shell.js';
import { Day, Name, placeText, some, Tag, wordsOf } from './words.js';

/** Hits of each kind that are shown. */
const MOST = 20;
/** Rows of suppliers, and of losses, that are looked through, in pages of 100. */
const PAGES = 5;
const folded = (text: string): string => text.normalize('NFKC').toLowerCase();

interface Hit {
  readonly href: string;
  readonly title: string;
  readonly more?: string;
  readonly stage?: string;
}

/** Contracts, suppliers, losses and papers that hold some words. */
export const searchPage = async (read: Read, frame: Frame): Promise<Page> => {
  const words = frame.query['q']?.trim() ?? '';
  const groups = words === '' ? [] : await found(read, frame, words);
  const events = words === '' ? [] : await wordsIn(read, words);
  const n = groups.reduce((sum, { hits }) => sum + hits.length, 0) + events.length;
  return {
    title: words === '' ? 'Search' : `Search: ${words}`,
    api: { json: words === '' ? '/search?q=example' : address('/search', { q: words }) },
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
        {words !== '' && <p role="status">{n === 0 ? 'Nothing was found.' : `${some(n, 'hit')}.`}</p>}
        {groups.map(
          ({ title, hits, all }) =>
            hits.length > 0 && (
              <section>
                <h2>{title}</h2>
                <ul class="line">
                  {hits.map(({ href, title, more, stage }) => (
                    <li>
                      <a href={href}>
                        <Name of={title} />
                      </a>{' '}
                      {stage !== undefined && <Tag of={stage} />}
                      {more !== undefined && (
                        <div class="when">
                          <Name of={more} />
                        </div>
                      )}
                    </li>
                  ))}
                </ul>
                {all !== undefined && (
                  <p>
                    <a href={all}>All of them</a>
                  </p>
                )}
              </section>
            ),
        )}
        {events.length > 0 && (
          <section>
            <h2>In what was recorded</h2>
            <ul class="line">
              {events.map(({ stream, type, effectiveOn, superseded, snippet, pointer }) => (
                <li>
                  <a href={to(frame, places.about(...split(stream)))}>
                    <bdi>{stream.replace('-', ' ')}</bdi>
                  </a>{' '}
                  <span class="quiet">{wordsOf(type)}</span>{' '}
                  {superseded !== false && <span class="tag warn">read so before it was {superseded}</span>}
                  <div>
                    <bdi>{snippet.map(({ text, hit }) => (hit ? <mark>{text}</mark> : text))}</bdi>
                  </div>
                  <div class="when">
                    {placeText(pointer)} · <Day on={effectiveOn} />
                  </div>
                </li>
              ))}
            </ul>
          </section>
        )}
      </>
    ),
  };
};

/** The newest events that have all the words; none where they are no words to look for. */
const wordsIn = async (read: Read, words: string): Promise<readonly SearchHit[]> => {
  try {
    return (await read.ledger.projector.search({ text: words.slice(0, 200), limit: MOST })).hits;
  } catch (error) {
    if (error instanceof NoSearchWordsError) return [];
    throw error;
  }
};

const found = async (
  read: Read,
  frame: Frame,
  words: string,
): Promise<readonly { readonly title: string; readonly hits: readonly Hit[]; readonly all?: string | undefined }[]> => {
  const all = folded(words).split(/\s+/);
  const holds = (...texts: readonly (string | null | undefined)[]) => {
    const text = folded(texts.join(' '));
    return all.every((word) => text.includes(word));
  };
  const { projector } = read.ledger;
  const key = matchKey(words);
  const reference =
    key === ''
      ? undefined
      : ((await projector.row('decisions', `reference:${key}`)) as { readonly counts: { readonly decisions: number } } | undefined);
  const contracts = await read.rows<{
    readonly contract: string;
    readonly title: string;
    readonly stage: string;
    readonly supplierName: string | null;
  }>(contractRegister.name, { text: words }, MOST);
  const suppliers = await read.all<{ readonly supplier: string; readonly title: string; readonly aliases?: readonly string[] }>(
    exposure.name,
    { kind: 'supplier' },
    PAGES,
  );
  const losses = await read.all<{ readonly loss: string; readonly title: string; readonly stage: string; readonly case: string | null }>(
    exposure.name,
    { kind: 'loss' },
    PAGES,
  );
  const identified: Hit[] = [];
  // an identifier of another system is found by its scheme and its text
  const [, scheme, id] = /^([^\s:]{1,64})[:\s]+(.{1,200})$/.exec(words) ?? [];
  if (scheme !== undefined && id !== undefined)
    for (const category of REFERENCED) {
      const row = (await projector.row('identifiers', referenceKey(category, { scheme, id }))) as
        { readonly holders?: readonly { readonly id: string }[] } | undefined;
      for (const holder of row?.holders ?? [])
        identified.push({ href: places.about(category, holder.id), title: holder.id, more: `${scheme} ${id}` });
    }
  return [
    {
      title: 'Papers',
      hits: reference
        ? [{ href: to(frame, '/app/decisions', { reference: words }), title: words, more: some(reference.counts.decisions, 'decision') }]
        : [],
    },
    { title: 'Identifiers of other systems', hits: identified },
    {
      title: 'Contracts',
      hits: contracts.rows.map(({ row }) => ({
        href: to(frame, places.contract(row.contract)),
        title: row.title || row.contract,
        stage: row.stage,
        more: [row.contract, row.supplierName].filter(Boolean).join(' · '),
      })),
      all: contracts.next === undefined ? undefined : to(frame, '/app/contracts', { text: words }),
    },
    {
      title: 'Suppliers',
      hits: suppliers.rows
        .filter(({ row }) => holds(row.supplier, row.title, ...(row.aliases ?? [])))
        .slice(0, MOST)
        .map(({ row }) => ({ href: to(frame, places.supplier(row.supplier)), title: row.title })),
    },
    {
      title: 'Losses',
      hits: losses.rows
        .filter(({ row }) => holds(row.loss, row.title, row.case))
        .slice(0, MOST)
        .map(({ row }) => ({ href: to(frame, places.loss(row.loss)), title: row.title, stage: row.stage })),
    },
    {
      title: 'People who decided',
      hits:
        isIdentifier(words) && (await projector.row('decisions', `person:${words}`))
          ? [{ href: to(frame, '/app/decisions', { person: words }), title: words }]
          : [],
    },
  ];
};
