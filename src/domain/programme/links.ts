import { eventsOf, type Invariant } from '../../kernel/index.js';
import { fits, isNew } from './bounds.js';
import { linkFields, type Programme, type TowerLink } from './state.js';

const event = eventsOf<Programme>();

export const linkEvents = {
  TowersLinked: event({
    allowedIn: ['chartered'],
    fields: linkFields,
    rules: fits('links of towers', (p) => p.links),
    evolve: (p, data, { event, effectiveOn }) => ({ ...p, links: [...p.links, { ...data, event, on: effectiveOn }] }),
  }),
};

/** Lists of links that are no circle. */
const straight = new WeakSet<readonly TowerLink[]>();
/** The tower of the last link, where what it needs waits for it in turn. Links were no circle before it. Linear in the links. */
const waitsForItself = (links: readonly TowerLink[]): string | undefined => {
  const last = links.at(-1);
  if (!last || straight.has(links)) return undefined;
  const needs = Map.groupBy(links, ({ tower }) => tower);
  const seen = new Set<string>();
  const next = [last.needs];
  for (let tower = next.pop(); tower !== undefined; tower = next.pop()) {
    if (tower === last.tower) return tower;
    if (seen.has(tower)) continue;
    seen.add(tower);
    for (const { needs: other } of needs.get(tower) ?? []) next.push(other);
  }
  straight.add(links);
  return undefined;
};

const pairOf = ({ tower, needs }: TowerLink): string => `${tower} ${needs}`;

export const linkInvariants = {
  'programme/linked-already': {
    says: 'Two towers are linked once.',
    brokenBy: { TowersLinked: '/needs' },
    detail: ({ links }) => `${links.at(-1)!.tower} waits for ${links.at(-1)!.needs} already.`,
    holds: ({ links }) => isNew(links, pairOf),
  },
  'programme/circular-links': {
    says: 'No tower waits for itself, not even through others.',
    brokenBy: { TowersLinked: '/needs' },
    detail: ({ links }) => `${waitsForItself(links)} would have to be live before itself.`,
    holds: ({ links }) => waitsForItself(links) === undefined,
  },
} satisfies Record<string, Invariant<Programme>>;
